/** What the gateway serves about accounts. */

export type Role = 'agent' | 'supervisor' | 'operator' | 'administrator';

export type Permission =
  | 'roster'
  | 'own_desk'
  | 'own_calls'
  | 'all_calls'
  | 'recordings'
  | 'event_logs'
  | 'any_desk'
  | 'hang_up'
  | 'supervise'
  | 'tokens'
  | 'accounts'
  | 'audit'
  | 'privacy'
  | 'privacy_reports';

export type Deed =
  | 'signed_in'
  | 'sign_in_failed'
  | 'signed_out'
  | 'signed_out_everywhere'
  | 'chose_password'
  | 'saw_call'
  | 'heard_recording'
  | 'exported_log'
  | 'changed_agent'
  | 'chose_for_call'
  | 'answered_for_call'
  | 'claimed_call'
  | 'ended_call'
  | 'closed_callback'
  | 'closed_voicemail'
  | 'listened_to_call'
  | 'whispered_in_call'
  | 'joined_call'
  | 'left_call'
  | 'made_account'
  | 'changed_account'
  | 'removed_account'
  | 'made_link'
  | 'made_token'
  | 'ended_token'
  | 'read_audit'
  | 'wrote_notes'
  | 'corrected'
  | 'replayed_messages'
  | 'exported_call'
  | 'searched_number'
  | 'exported_number'
  | 'erased_number'
  | 'placed_hold'
  | 'lifted_hold'
  | 'deleted_old';

export interface Me {
  name: string;
  role: Role;
  agent: string | null;
  permissions: Permission[];
}

/** What a demonstration says of itself. */
export interface Demonstration {
  password: string;
  accounts: { name: string; role: Role }[];
}

export interface SessionInfo {
  accounts: boolean;
  signed_in: Me | null;
  /** A claim code is enough to see its call. */
  claims_open?: boolean;
  /** The name of a provider that signs people in. */
  openid?: string | null;
  /** Accounts that everybody may use. */
  demo?: Demonstration | null;
}

export interface AccountRow {
  id: string;
  name: string;
  role: Role;
  agent: string | null;
  locked: boolean;
  password: boolean;
  openid: boolean;
  created: string;
  signed_in: string | null;
  sessions: number;
  tokens: number;
}

export interface TokenRow {
  id: string;
  label: string;
  scopes: Permission[];
  created: string;
  expires: string;
  used: string;
}

export interface AuditLine {
  seq: number;
  at: string;
  did: Deed;
  name: string | null;
  role: Role | null;
  target: string | null;
  source: string;
}
