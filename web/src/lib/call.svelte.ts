import { api, ApiError, gatewayNow, url } from './api';
import type { CallHead, Entry } from './contract';
import { stream } from './stream.svelte';
import { readCall } from './view';

/** One call as it grows. Entries are kept by their number, so that an entry that comes twice counts once and a reconnect misses nothing. */
export class CallStore {
  readonly id: string;
  head = $state.raw<CallHead | null>(null);
  entries = $state.raw<Entry[]>([]);
  error = $state.raw<ApiError | null>(null);
  /** Where the call stands on its own timeline; only moves while it is live. */
  nowMs = $state(0);
  view = $derived(readCall(this.entries, this.nowMs));

  #known = new Set<number>();

  constructor(id: string) {
    this.id = id;
  }

  /** Fits `$effect`: fetches, follows while the call is live, and returns the stop. */
  start(): () => void {
    let stopStream: (() => void) | null = null;
    let stopped = false;
    const end = (): void => {
      stopStream?.();
      stopStream = null;
    };
    const load = async (): Promise<void> => {
      try {
        const { head, entries } = await api.call(this.id);
        if (stopped) return;
        this.error = null;
        this.head = head;
        this.#add(entries);
        if (head.state === 'ended') end();
      } catch (error) {
        if (!stopped && error instanceof ApiError) this.error = error;
      }
    };
    const follow = (): void => {
      if (stopped || stopStream || this.head?.state !== 'live') return;
      stopStream = stream(url.callEvents(this.id, this.entries.at(-1)?.seq ?? 0), {
        onlyVisible: true,
        on: {
          entry: (data) => this.#add([data as Entry]),
          end: () => {
            end();
            void load();
          },
        },
        opened: (again) => {
          if (again) void load();
        },
      });
    };
    void load().then(follow);
    const timer = setInterval(() => this.#tick(), 500);
    this.#retry = () => void load().then(follow);
    return () => {
      stopped = true;
      clearInterval(timer);
      end();
    };
  }

  #retry: () => void = () => undefined;

  retry(): void {
    this.error = null;
    this.#retry();
  }

  #tick(): void {
    if (this.head?.state === 'live' && !this.view.ended) this.nowMs = Math.max(0, gatewayNow() - Date.parse(this.head.started));
  }

  #add(entries: Entry[]): void {
    const fresh = entries.filter((entry) => !this.#known.has(entry.seq));
    if (fresh.length === 0) return;
    for (const entry of fresh) this.#known.add(entry.seq);
    this.entries = [...this.entries, ...fresh].sort((a, b) => a.seq - b.seq);
  }
}
