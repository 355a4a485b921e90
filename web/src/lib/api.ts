import type {
  AgentRow,
  CallHead,
  Callback,
  Choice,
  Claimed,
  ChoiceMore,
  Correction,
  DeskSettings,
  Entry,
  KnownEntry,
  Notes,
  SupervisionMode,
  Wall,
  WantedState,
  Voicemail,
} from './contract';
import type { Compliance, Found, Hold, Receipt, Rules } from './privacy';
import type { AccountRow, AuditLine, Me, Permission, Role, SessionInfo, TokenRow } from './people';

/** Why a request did not work: `status` is 0 when the gateway could not be reached at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The gateway's word for it. */
    readonly code = '',
    /** Seconds to wait, if it says so. */
    readonly wait = 0,
  ) {
    super(message);
  }
}

let signedOut = (): void => undefined;

/** Called when the gateway says that nobody is signed in here any more. */
export function whenSignedOut(run: () => void): void {
  signedOut = run;
}

let skewMs = 0;

/** Now by the gateway's clock, so that running times are right on a desk whose clock is not. */
export function gatewayNow(): number {
  return Date.now() + skewMs;
}

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  const text = await (await ask(path, init)).text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers: { accept: 'application/json', ...init?.headers } });
  } catch {
    throw new ApiError(0, 'unreachable');
  }
  const date = Date.parse(answer.headers.get('date') ?? '');
  // The header counts whole seconds: only a clock that is really off is corrected.
  if (!Number.isNaN(date)) skewMs = Math.abs(date - Date.now()) > 2_500 ? date - Date.now() : 0;
  if (!answer.ok) throw await problem(answer);
  return answer;
}

async function problem(answer: Response): Promise<ApiError> {
  const body = (await answer.json().catch(() => null)) as { error?: { code?: string } } | null;
  const code = body?.error?.code ?? '';
  if (code === 'not_signed_in') signedOut();
  return new ApiError(answer.status, answer.statusText, code, Number(answer.headers.get('retry-after') ?? 0));
}

/** The gateway takes nothing but JSON from a page: a form of another site cannot send it. */
function send<T>(method: string, path: string, body: unknown = {}): Promise<T> {
  return request<T>(path, bodyOf(method, body));
}

function bodyOf(method: string, body: unknown): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

const id = encodeURIComponent;

export const url = {
  call: (call: string) => `/api/v1/calls/${id(call)}`,
  /** Only entries behind `after`; a reconnecting browser says by itself which one it had last. */
  callEvents: (call: string, after: number) => `/api/v1/calls/${id(call)}/events?after=${after}`,
  recording: (call: string) => `/api/v1/calls/${id(call)}/recording`,
  /** A stretch of the recording; it is there while the call goes on, too. */
  stretch: (call: string, from: number, to: number) => `/api/v1/calls/${id(call)}/recording?from=${Math.round(from)}&to=${Math.round(to)}`,
  receipt: (receipt: string) => `/api/v1/privacy/receipts/${id(receipt)}`,
  events: '/api/v1/events',
  health: '/healthz',
  agentEvents: (agent: string) => `/api/v1/agents/${id(agent)}/events`,
};

export const api = {
  calls: (query: { limit?: number; before?: string; state?: 'live' | 'ended' } = {}) => {
    const params = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) params.set(key, String(value));
    return request<{ calls: CallHead[]; more: boolean }>(`/api/v1/calls?${params}`);
  },
  call: (call: string) => request<{ head: CallHead; entries: Entry[] }>(url.call(call)),
  /** Earlier calls from the same number, newest first. */
  earlier: (call: string) => request<{ calls: CallHead[]; more: boolean }>(`${url.call(call)}/earlier`),
  agents: () => request<{ agents: AgentRow[] }>('/api/v1/agents'),
  setState: (agent: string, state: WantedState, more: { reason?: string; phone?: 'browser' | 'desk_phone' } = {}) =>
    send<AgentRow>('PUT', `/api/v1/agents/${id(agent)}/state`, { state, ...more }),
  callbacks: () => request<{ callbacks: Callback[] }>('/api/v1/callbacks'),
  closeCallback: (callback: number) => send<void>('PUT', `/api/v1/callbacks/${callback}`, { state: 'done' }),
  voicemails: () => request<{ voicemails: Voicemail[] }>('/api/v1/voicemails'),
  closeVoicemail: ({ call, seq }: Voicemail) => send<void>('PUT', `/api/v1/voicemails/${id(call.id)}/${seq}`, { state: 'done' }),
  figures: (minutes: number) => request<Wall>(`/api/v1/figures?minutes=${minutes}`),
  desk: () => request<DeskSettings>('/api/v1/desk'),
  knowledge: (flow: string, question: string, limit: number) =>
    request<{ entries: KnownEntry[] }>(`/api/v1/knowledge?${new URLSearchParams({ flow, q: question, limit: String(limit) })}`),
  notes: (call: string) => request<{ notes: Notes[] }>(`${url.call(call)}/notes`),
  putNotes: (call: string, agent: string, text: string, disposition: string | null) =>
    send<Notes>('PUT', `${url.call(call)}/notes/${id(agent)}`, { text, disposition }),
  corrections: (call: string) => request<{ corrections: Correction[]; more: boolean }>(`${url.call(call)}/corrections`),
  correct: (call: string, wrong: { agent: string; seq: number; should_say: string | null; should_mean: string | null }) =>
    send<Correction>('POST', `${url.call(call)}/corrections`, wrong),
  choose: (call: string, agent: string, choice: Choice, more: ChoiceMore = {}) => send<unknown>('POST', `${url.call(call)}/choice`, { agent, choice, ...more }),
  answer: (call: string, agent: string, answer: { text: string } | { suggestion: string }) => send<unknown>('POST', `${url.call(call)}/answer`, { agent, ...answer }),
  claim: (code: string) => send<Claimed>('POST', '/api/v1/claims', { code }),
  supervise: (call: string, mode: SupervisionMode, phone: 'page' | 'desk_phone') => send<unknown>('POST', `${url.call(call)}/supervision`, { mode, phone }),
  hangUp: (call: string) => send<unknown>('POST', `${url.call(call)}/hangup`),

  compliance: (call: string) => request<Compliance>(`${url.call(call)}/compliance`),
  placeHold: (call: string, why: string) => send<Hold>('PUT', `${url.call(call)}/hold`, { why }),
  liftHold: (call: string) => send<unknown>('DELETE', `${url.call(call)}/hold`),
  privacy: () => request<Rules>('/api/v1/privacy'),
  receipts: () => request<{ receipts: Receipt[] }>('/api/v1/privacy/receipts'),
  findNumber: (number: string) => send<Found>('POST', '/api/v1/privacy/find', { number }),
  exportNumber: async (number: string): Promise<Blob> => (await ask('/api/v1/privacy/export', bodyOf('POST', { number }))).blob(),
  eraseNumber: (number: string) => send<Receipt>('POST', '/api/v1/privacy/erase', { number }),

  session: () => request<SessionInfo>('/api/v1/session'),
  signIn: (name: string, password: string) => send<Me>('POST', '/api/v1/session', { name, password }),
  signOut: (everywhere: boolean) => send<unknown>('DELETE', everywhere ? '/api/v1/session/all' : '/api/v1/session'),
  changePassword: (old: string, fresh: string) => send<Me>('PUT', '/api/v1/session/password', { old, new: fresh }),
  lookAtLink: (link: string) => send<{ name: string }>('POST', '/api/v1/session/link', { link }),
  useLink: (link: string, password: string) => send<Me>('PUT', '/api/v1/session/link', { link, password }),
  accounts: () => request<{ accounts: AccountRow[] }>('/api/v1/accounts'),
  createAccount: (name: string, role: Role, agent: string | null) =>
    send<{ account: AccountRow; link: string }>('POST', '/api/v1/accounts', { name, role, agent }),
  changeAccount: (account: string, change: { role?: Role; agent?: string | null; locked?: boolean }) =>
    send<AccountRow>('PATCH', `/api/v1/accounts/${id(account)}`, change),
  removeAccount: (account: string) => send<unknown>('DELETE', `/api/v1/accounts/${id(account)}`),
  accountLink: (account: string) => send<{ link: string }>('POST', `/api/v1/accounts/${id(account)}/link`),
  signOutAccount: (account: string) => send<unknown>('POST', `/api/v1/accounts/${id(account)}/sign-out`),
  tokens: () => request<{ tokens: TokenRow[] }>('/api/v1/tokens'),
  makeToken: (label: string, scopes: Permission[], days: number) => send<{ secret: string }>('POST', '/api/v1/tokens', { label, scopes, days }),
  endToken: (token: string) => send<unknown>('DELETE', `/api/v1/tokens/${id(token)}`),
  audit: (query: { before?: number; did?: string }) => {
    const params = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) params.set(key, String(value));
    return request<{ lines: AuditLine[]; more: boolean }>(`/api/v1/audit?${params}`);
  },
};
