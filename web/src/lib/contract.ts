/** What the gateway serves: the call's record (src/call/record.rs) as JSON, and the heads and cards built from it. Times in a record are milliseconds since the call arrived. */

export type Outcome =
  | 'contained'
  | 'handed_over'
  | 'callback_promised'
  | 'caller_not_reached'
  | 'callback_put_off'
  | 'voicemail_left'
  | 'nobody_came'
  | 'abandoned'
  | 'caller_silent'
  | 'lost'
  | 'fax'
  | 'failed'
  | 'refused'
  | 'drained'
  | 'interrupted';

export type TransferOutcome = 'connected' | 'busy' | 'no_answer' | 'declined' | 'failed' | 'refused' | 'unknown';

export type HandoffOutcome = 'bridged' | 'transferred' | 'caller_left' | 'callback' | 'not_reached' | 'put_off' | 'voicemail' | 'back_to_bot' | 'nobody_came';

export type OfferOutcome =
  | 'accepted'
  | 'declined'
  | 'declined_busy'
  | 'declined_skill'
  | 'busy'
  | 'no_answer'
  | 'unreachable'
  | 'left_in_briefing'
  | 'voicemail'
  | 'no_line'
  | 'never_chose'
  | 'answered'
  | 'not_understood'
  | 'caller_left'
  | 'caller_not_reached'
  | 'withdrawn';

export type NotReached = 'busy' | 'no_answer' | 'declined' | 'unreachable' | 'machine' | 'agent_left';

export type Owner =
  | { who: 'bot' }
  | { who: 'queue'; queue: string }
  | { who: 'agent'; agent: string; name: string }
  | { who: 'ended' };

export interface Scored {
  name: string;
  score: number;
}

export interface Meaning {
  intent: string | null;
  confidence: number;
  intents: Scored[];
  knowledge: Scored[];
  tone: { anger: number; frustration: number; sarcasm: number; gratitude: number };
  /** Entries that a chat model found the answer in. */
  cited?: string[];
}

export interface Fact {
  name: string;
  label: string;
  value: string;
  confidence: number;
  confirmed: boolean;
  source: 'said' | 'keyed' | 'looked_up' | 'network' | 'crm' | 'colleague';
  span: [number, number] | null;
}

export interface Signal {
  kind:
    | 'asked_for_human'
    | 'low_confidence'
    | 'not_understood'
    | 'repeated'
    | 'critical'
    | 'anger'
    | 'frustration'
    | 'sarcasm'
    | 'raised_voice'
    | 'service_failed'
    | 'silence'
    | 'flow_asked'
    | 'calmed'
    | 'vip';
  matter?: string;
}

export interface Evidence {
  number: number;
  signal: Signal;
  quote: string;
  span: [number, number];
  weight: number;
  certainty: number;
}

export interface Decision {
  escalate: boolean;
  score: number;
  threshold: number;
  reasons: string[];
  evidence: number[];
  why: string;
  would_change: string;
}

export interface Summary {
  who: string;
  intent: string | null;
  reason: string;
  why_now: string;
  facts: Fact[];
  tried: string[];
  open_question: string | null;
  mood: string;
  last_words: string[];
  suggested_opening: string;
  do_first: string;
  spoken: string[];
  more: string[];
}

export type HandoffStep =
  | { step: 'started'; queue: string; summary: Summary }
  | { step: 'waiting'; position: number; estimate_s: number | null }
  | { step: 'offered'; agent: string; name: string }
  | { step: 'ringing'; agent: string }
  | { step: 'briefing'; agent: string }
  | { step: 'offer_ended'; agent: string; outcome: OfferOutcome }
  | { step: 'closed'; queue: string }
  | { step: 'caller_told'; text: string }
  | { step: 'bridged'; agent: string; time_to_agent_ms: number; longest_silence_ms: number }
  | { step: 'transferring'; agent: string }
  | { step: 'transfer_ended'; agent: string; outcome: TransferOutcome }
  | { step: 'transfer_asked'; agent: string; to: string }
  | { step: 'back_to_agent'; agent: string }
  | { step: 'taken_over'; agent: string; name: string }
  | { step: 'callback_promised'; number: string }
  | { step: 'caller_rung' }
  | { step: 'caller_not_reached'; why: NotReached }
  | { step: 'voicemail'; from: number; to: number; text: string }
  | { step: 'briefed'; agent: string; took_ms: number; repeats: number }
  | { step: 'briefing_failed'; agent: string; instead: 'whole' | 'short' | 'bell' }
  | { step: 'chose'; agent: string; choice: 'accept' | 'decline' | 'repeat' | 'more'; by: 'key' | 'word' | 'page'; words?: string }
  | { step: 'held'; agent: string; held: boolean }
  | { step: 'muted'; agent: string; muted: boolean }
  | { step: 'introduced'; agent: string; whole: boolean }
  | { step: 'inquiry'; inquiry: InquiryStep }
  | { step: 'third'; agent: string; third: ThirdStep }
  | { step: 'sent_to_bot'; agent: string; node: string | null }
  | { step: 'ended'; outcome: HandoffOutcome; waited_ms: number; longest_silence_ms: number; offers: number; repeats: number };

/** What a supervisor does, from then on. */
export type Supervised = 'rung' | 'listens' | 'whispers' | 'joined' | 'left' | 'not_reached';

/** How a conversation is to be followed. */
export type SupervisionMode = 'listen' | 'whisper' | 'join' | 'end';

/** What happens with one line that the bot asks a human. */
export type InquiryStep =
  | { did: 'asked'; queue: string; question: string; summary: Summary }
  | { did: 'said_back'; agent: string }
  | { did: 'not_understood'; agent: string }
  | { did: 'answered'; agent: string; name: string; text: string; choice: string | null }
  | { did: 'ended'; outcome: string };

/** What happens with somebody whom the agent has called in. */
export type ThirdStep =
  | { did: 'asked'; to: string; adds: boolean }
  | { did: 'offered'; who: string; name: string; by: string }
  | { did: 'answered'; who: string }
  | { did: 'machine_suspected'; who: string }
  | { did: 'joined'; who: string }
  | { did: 'has_caller'; who: string; name: string }
  | { did: 'ended'; who: string | null; why: string };

/** How a leg has sounded: `mos` is 1 to 4.5. */
export interface LegQuality {
  codec: string;
  protection: string;
  packets: number;
  lost: number;
  jitter_ms: number;
  round_trip_ms: number | null;
  mos: number;
}

export type What =
  | { what: 'arrived'; caller: string; caller_name: string | null; called: string; flow: string; language: string }
  | { what: 'calls_back'; of: string }
  | { what: 'answered' }
  | { what: 'owner'; owner: Owner }
  | { what: 'notice'; notice: string }
  | { what: 'hearing'; text: string }
  | { what: 'caller_turn'; turn: number; text: string; confidence: number; from: number; to: number; understood: Meaning | null }
  | { what: 'agent_turn'; agent: string; text: string; confidence: number; from: number; to: number }
  | { what: 'asked_again'; agent: string; about: string; label: string; question: string; score: number; from: number; to: number }
  | { what: 'language'; flow: string; language: string }
  | { what: 'private'; on: boolean }
  | { what: 'consent'; to: string; answer: 'asked' | 'given' | 'refused' }
  | { what: 'redacted'; kinds: string[]; from: number; to: number }
  | { what: 'key'; digit: string }
  | {
      what: 'bot_turn';
      turn: number;
      node: string;
      text: string;
      heard: string;
      interrupted: boolean;
      from: number;
      to: number;
      reply_ms: number | null;
    }
  | { what: 'fact'; fact: Fact }
  | { what: 'tried'; line: string }
  | { what: 'look_up'; name: string; ok: boolean; took_ms: number; failure: string | null }
  | { what: 'evidence'; evidence: Evidence }
  | { what: 'decision'; decision: Decision }
  | { what: 'handoff'; step: HandoffStep }
  | { what: 'supervised'; who: string; name: string; did: Supervised }
  | { what: 'far_end'; who: 'caller' | 'agent'; sign: 'fax' | 'machine_suspected' | 'beep' | 'network_tone' }
  | { what: 'cause'; who: 'caller' | 'agent'; cause: { sip: number | null; q850: number | null; retry_after_s: number | null } }
  | { what: 'quality'; who: 'caller' | 'agent'; quality: LegQuality }
  | { what: 'trouble'; what_failed: string; then: string }
  | { what: 'ended'; outcome: Outcome };

export type Entry = { seq: number; at: number } & What;

export interface CallHead {
  id: string;
  started: string;
  caller: string;
  caller_name: string | null;
  called: string;
  trunk: string | null;
  /** What was signed of the caller: `A`, `B`, `C` or `failed`. */
  signed?: string | null;
  /** The number is the word of a network that the configuration trusts. */
  asserted?: boolean;
  /** The number that the call was forwarded from, if such a network says so. */
  diverted_from?: string | null;
  flow: string;
  language: string;
  state: 'live' | 'ended';
  owner: Owner;
  owner_since?: string | null;
  outcome: Outcome | null;
  duration_ms: number | null;
  intent: string | null;
  escalated: boolean;
  reasons: string[];
  handoff_outcome: HandoffOutcome | null;
  agent: string | null;
  agent_name: string | null;
  time_to_agent_ms: number | null;
  longest_silence_ms: number | null;
  recording: boolean;
}

export interface AgentRow {
  id: string;
  name: string;
  state: string;
  queues: string[];
  languages: string[];
  /** The calls that they have or are offered. */
  calls: string[];
  /** Calls that they take at once: more than one where they stand for a queue elsewhere. */
  capacity: number;
  /** Calls that they would take now. */
  free: number;
  /** Is their phone their page? */
  browser?: boolean;
  /** They have a telephone besides their page. */
  desk_phone?: boolean;
  /** Why they are away. */
  reason?: string | null;
}

/** A state that an agent can choose; the others come from calls. */
export type WantedState = 'available' | 'away';

/** What agents may choose from. */
export interface DeskSettings {
  away_reasons: string[];
  dispositions: string[];
  service_level_s: number;
}

export interface Notes {
  agent: string;
  text: string;
  disposition: string | null;
  changed: string;
}

export interface KnownEntry {
  key: string;
  question: string;
  answer: string;
  score: number | null;
}

/** What an agent says that the bot should have done. */
export interface Correction {
  id: string;
  call: string;
  seq: number;
  agent: string;
  created: string;
  heard: string | null;
  intent: string | null;
  said: string | null;
  span: [number, number];
  should_say: string | null;
  should_mean: string | null;
  note: string | null;
  state: 'proposed';
}

/** A callback that was promised. */
export interface Callback {
  id: number;
  call: CallHead;
  number: string;
  since: string;
  promised: string;
  due: string;
  tries: number;
  state: 'waiting' | 'placing' | 'reached' | 'rang_again' | 'not_reached' | 'expired' | 'done' | 'cancelled';
  last_call: string | null;
}

/** A message that a caller left: a stretch of the recording of its call. */
export interface Voicemail {
  seq: number;
  call: CallHead;
  from: number;
  to: number;
  left: string;
  done: { by: string | null; at: string } | null;
}

/** How the calls of a stretch of time went. */
export interface Figures {
  calls: number;
  contained: number;
  escalated: number;
  handed_over: number;
  in_time: number;
  callbacks: number;
  gave_up: number;
  median_to_agent_ms: number | null;
  longest_to_agent_ms: number | null;
  reasons: { reason: string; calls: number }[];
  /** Questions of agents whose answer was on their card, and who asked them. */
  asked_again: number;
  asked_again_by: { agent: string; flow: string; questions: number; calls: number }[];
}

export interface QueueLevel {
  queue: string;
  percent: number;
  within_s: number;
  wanted: number;
  answered: number;
  in_time: number;
  gave_up: number;
  level: number | null;
}

export interface Wall {
  since: string;
  service_level_s: number;
  figures: Figures;
  queues?: QueueLevel[];
}

export type CardStep = 'ringing' | 'briefing' | 'bridged' | 'ended';

/** One line that the bot asks an agent. `until`: milliseconds since the call arrived. */
export interface InquiryCard {
  question: string;
  suggestions: { name: string; text: string }[];
  by: 'screen' | 'ear';
  until: number;
}

export interface Card {
  call: CallHead;
  queue?: string | null;
  /** The colleague who asks this agent, who does not have the caller. */
  consulted_by?: string | null;
  /** What the bot asks this agent for the caller. */
  inquiry?: InquiryCard | null;
  /** Another system's page about this caller. */
  screen_pop?: string | null;
  summary: Summary;
  reasons: string[];
  evidence: Evidence[];
  step: CardStep;
  outcome: string | null;
}

/** What somebody reads who has a call's claim code. */
export interface Claimed {
  call: CallHead;
  summary: Summary | null;
  said: { by: 'caller' | 'bot' | 'agent'; text: string; at: number }[];
}

export type Choice =
  | 'accept'
  | 'decline'
  | 'repeat'
  | 'more'
  | 'hang_up'
  | 'hold'
  | 'resume'
  | 'mute'
  | 'unmute'
  | 'transfer'
  | 'consult'
  | 'add'
  | 'conference'
  | 'complete'
  | 'part'
  | 'to_bot';

/** What some choices take besides. */
export interface ChoiceMore {
  to?: { queue: string } | { agent: string } | { number: string };
  node?: string;
}
