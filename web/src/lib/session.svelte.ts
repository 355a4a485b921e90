import { api, ApiError, whenSignedOut } from './api';
import type { Permission, SessionInfo } from './people';

/** Who is signed in here. `null` until the gateway has said it. */
export const session = $state<{ info: SessionInfo | null; error: ApiError | null }>({ info: null, error: null });

/** Told to the window when somebody has signed in: what was refused may be asked for again. */
export const SIGNED_IN = 'warmline:signed-in';

/** The pages of one browser share their session: who signs in on one of them, perhaps at a provider, has signed in on all. */
const others = new BroadcastChannel('warmline:session');
others.onmessage = () => {
  if (!mustSignIn()) return;
  void loadSession().then(() => {
    if (!mustSignIn()) dispatchEvent(new Event(SIGNED_IN));
  });
};

export async function loadSession(): Promise<void> {
  const before = session.info?.signed_in ?? null;
  try {
    session.info = await api.session();
    if (before === null && session.info.signed_in !== null) others.postMessage(null);
    session.error = null;
  } catch (error) {
    if (error instanceof ApiError) session.error = error;
  }
}

// A session that ended elsewhere: the next thing that this page asks for says so.
whenSignedOut(() => {
  if (session.info?.signed_in) void loadSession();
});

/** Without accounts everybody may. */
export function may(permission: Permission): boolean {
  const info = session.info;
  return info !== null && (!info.accounts || (info.signed_in?.permissions.includes(permission) ?? false));
}

/** Their own desk, or any. */
export function mayWorkAt(agent: string): boolean {
  return may('any_desk') || (may('own_desk') && session.info?.signed_in?.agent === agent);
}

export function mustSignIn(): boolean {
  return session.info !== null && session.info.accounts && session.info.signed_in === null;
}

export async function signOut(everywhere = false): Promise<void> {
  await api.signOut(everywhere).catch(() => undefined);
  await loadSession();
}
