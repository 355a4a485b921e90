/** Server-sent events that come back by themselves, behind the last event that they had. The browser repeats its id on a dropped connection; on a refused one, and
 *  when a page is looked at again, we start again and say it ourselves. */

import { loadSession, SIGNED_IN } from './session.svelte';

export type StreamState = 'connecting' | 'open' | 'lost' | 'closed';

/** How the page's streams are doing; the top bar shows it. */
export const link = $state<{ state: StreamState | 'none' }>({ state: 'none' });

const FIRST_PAUSE_MS = 800;
const LONGEST_PAUSE_MS = 15_000;

export interface Handlers {
  /** One per event name. */
  on: Record<string, (data: unknown, lastEventId: string) => void>;
  /** The stream is up: the first time, and every time after. */
  opened?: (again: boolean) => void;
  /** More was missed than the gateway has kept: fetch everything anew. What it still has follows. */
  reload?: () => void;
  /** Browsers give a site six connections for all its tabs: a hidden tab does without this stream, and catches up when it is looked at. */
  onlyVisible?: boolean;
}

/** Opens `address` and keeps it open until the returned function is called. */
export function stream(address: string, handlers: Handlers): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE_MS;
  let opens = 0;
  let last = '';
  let stopped = false;

  const start = (): void => {
    link.state = opens === 0 ? 'connecting' : 'lost';
    source = new EventSource(behind(address, last));
    source.onopen = () => {
      pause = FIRST_PAUSE_MS;
      link.state = 'open';
      opens += 1;
      handlers.opened?.(opens > 1);
    };
    source.onerror = () => {
      if (stopped) return;
      link.state = 'lost';
      if (source?.readyState !== EventSource.CLOSED) return;
      // It was refused: perhaps nobody is signed in here any more.
      void loadSession();
      timer = setTimeout(start, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
    const all: Handlers['on'] = { ...handlers.on, reload: () => handlers.reload?.() };
    for (const [name, handle] of Object.entries(all)) {
      source.addEventListener(name, (event) => {
        const message = event as MessageEvent<string>;
        last = message.lastEventId;
        let data: unknown = null;
        try {
          data = message.data === '' ? null : JSON.parse(message.data);
        } catch {
          return;
        }
        handle(data, message.lastEventId);
      });
    }
  };
  const stop = (): void => {
    clearTimeout(timer);
    source?.close();
  };
  const looked = (): void => {
    stop();
    if (!document.hidden) start();
  };
  const again = (): void => {
    if (source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(timer);
    start();
  };
  addEventListener(SIGNED_IN, again);
  if (handlers.onlyVisible) document.addEventListener('visibilitychange', looked);
  if (!(handlers.onlyVisible && document.hidden)) start();
  return () => {
    stopped = true;
    removeEventListener(SIGNED_IN, again);
    document.removeEventListener('visibilitychange', looked);
    stop();
    link.state = 'none';
  };
}

function behind(address: string, last: string): string {
  if (last === '') return address;
  const [path, query] = address.split('?');
  const params = new URLSearchParams(query);
  params.set('after', last);
  return `${path}?${params}`;
}
