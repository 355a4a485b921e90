import { tick } from 'svelte';

/** The pages, by address. */
export type Route =
  | { page: 'calls' }
  | { page: 'call'; id: string }
  | { page: 'agents' }
  | { page: 'wall' }
  | { page: 'desk'; id: string }
  | { page: 'caller'; to: string }
  | { page: 'welcome' }
  | { page: 'account' }
  | { page: 'accounts' }
  | { page: 'audit' }
  | { page: 'privacy' }
  | { page: 'claim' }
  | { page: 'lost' };

function part(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const PLAIN = ['welcome', 'account', 'accounts', 'audit', 'privacy', 'claim'] as const;
const isPlain = (word: string): word is (typeof PLAIN)[number] => PLAIN.some((one) => one === word);

export function parse(path: string): Route {
  const parts = path.split('/').filter(Boolean);
  const [first, second] = parts;
  if (first === undefined) return { page: 'calls' };
  if (first === 'calls' && second === undefined) return { page: 'calls' };
  if (first === 'calls' && second !== undefined && parts.length === 2) return { page: 'call', id: part(second) };
  if (first === 'agents' && parts.length === 1) return { page: 'agents' };
  if (first === 'wall' && parts.length === 1) return { page: 'wall' };
  if (first === 'agent' && second !== undefined && parts.length === 2) return { page: 'desk', id: part(second) };
  if (isPlain(first) && parts.length === 1) return { page: first };
  if (first === 'call' && parts.length <= 2) return { page: 'caller', to: second === undefined ? 'support' : part(second) };
  return { page: 'lost' };
}

/** The page that is shown, and the path of the one that carries a call, if one does. */
export const router = $state<{ route: Route; held: string | null }>({ route: parse(location.pathname), held: null });

export const href = {
  calls: '/',
  agents: '/agents',
  wall: '/wall',
  caller: '/call',
  account: '/account',
  accounts: '/accounts',
  audit: '/audit',
  privacy: '/privacy',
  claim: '/claim',
  call: (id: string) => `/calls/${encodeURIComponent(id)}`,
  desk: (id: string) => `/agent/${encodeURIComponent(id)}`,
};

function asks(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** The page that is shown carries a call, and to leave it is to hang up: other pages open beside it, and the browser asks before it closes. Fits `$effect`. */
export function hold(): () => void {
  router.held = location.pathname;
  addEventListener('beforeunload', asks);
  return () => {
    router.held = null;
    removeEventListener('beforeunload', asks);
  };
}

export function go(path: string): void {
  if (router.held !== null && path !== router.held) {
    open(path, '_blank', 'noopener');
    return;
  }
  if (path !== location.pathname) history.pushState(null, '', path);
  router.route = parse(path);
  scrollTo(0, 0);
  // A screen reader should hear the new page's heading, not silence.
  void tick().then(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }));
}

addEventListener('popstate', () => {
  if (router.held !== null) history.pushState(null, '', router.held);
  router.route = parse(location.pathname);
});

addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const anchor = event.target instanceof Element ? event.target.closest('a') : null;
  if (!anchor || anchor.origin !== location.origin || anchor.target || anchor.hasAttribute('download')) return;
  if (anchor.pathname.startsWith('/api/') || anchor.hash !== '') return;
  event.preventDefault();
  go(anchor.pathname);
});
