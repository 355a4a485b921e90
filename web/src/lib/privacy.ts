/** What the gateway serves about privacy. */

import type { CallHead } from './contract';
import type { Deed, Role } from './people';

/** Kinds of what is kept, in the order in which they are shown. */
export const KINDS = ['recordings', 'transcripts', 'facts', 'notes', 'corrections', 'calls'] as const;
export type Kind = (typeof KINDS)[number];

export interface Rules {
  redact: string[];
  recordings: boolean;
  retention: Record<Kind, number | null>;
  audit_days: number | null;
}

export interface Found {
  spellings: string[];
  calls: CallHead[];
  held: string[];
}

export interface Receipt {
  id: string;
  at: string;
  by: string | null;
  erased: Record<string, number>;
  kept: number;
  digest: string;
}

export interface Hold {
  call: string;
  placed: string;
  by: string | null;
  why: string;
}

export interface Compliance {
  notices: Record<string, number>;
  consents: { to: string; asked: number; answered: number | null; given: boolean }[];
  redacted: Record<string, number>;
  private_stretches: number;
  recording: boolean;
  kept_until: Record<Kind, string | null>;
  deleted: Partial<Record<Kind, string>>;
  hold: Hold | null;
  seen: { at: string; did: Deed; name: string | null; role: Role | null }[];
}
