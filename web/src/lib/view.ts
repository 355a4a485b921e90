/** Reads a call's record into what the pages show. Pure: the same entries give the same view. */

import type { CallHead, Decision, Entry, Evidence, Fact, HandoffStep, LegQuality, Meaning, Owner, Summary, Supervised } from './contract';

export interface Turn {
  seq: number;
  who: 'caller' | 'bot' | 'agent';
  turn: number;
  from: number;
  to: number;
  /** What was said or, for the bot, really heard. */
  text: string;
  /** What the bot wanted to say and nobody heard. */
  unheard: string;
  interrupted: boolean;
  confidence: number | null;
  replyMs: number | null;
  meaning: Meaning | null;
}

export interface Span {
  from: number;
  to: number;
}

export type OwnerSpan = Span & { owner: Owner };
export type LookUp = Span & { seq: number; name: string; ok: boolean; tookMs: number; failure: string | null };
export type Stage = 'queue' | 'ringing' | 'briefing' | 'bridged';
export type StageSpan = Span & { stage: Stage; name: string; ended: string | null };

export interface Step {
  seq: number;
  at: number;
  step: HandoffStep;
  /** Until the next step. */
  tookMs: number | null;
}

export interface Weighed {
  seq: number;
  at: number;
  decision: Decision;
}

/** One line of the transcript. */
export type Line = { key: string; at: number } & (
  | { kind: 'turn'; turn: Turn }
  | { kind: 'event'; entry: Entry }
);

export interface CallView {
  turns: Turn[];
  lines: Line[];
  hearing: string | null;
  owners: OwnerSpan[];
  owner: Owner;
  lookUps: LookUp[];
  evidence: Evidence[];
  decisions: Weighed[];
  /** The decision that counts: the one that escalated, else the last. */
  verdict: Weighed | null;
  facts: Fact[];
  notices: { at: number; text: string }[];
  steps: Step[];
  stages: StageSpan[];
  summary: Summary | null;
  /** Who follows the conversation now, and how. */
  watcher: { name: string; did: Supervised } | null;
  /** How the caller's leg has sounded; known at the end. */
  line: LegQuality | null;
  endMs: number;
  ended: boolean;
}

/** How long nobody may bother about how the call's last stage went on: live calls are open-ended. */
function unheard(text: string, heard: string): string {
  return text.startsWith(heard) ? text.slice(heard.length).trim() : text === heard ? '' : text;
}

function turnOf(entry: Entry): Turn | null {
  if (entry.what === 'caller_turn') {
    return {
      seq: entry.seq,
      who: 'caller',
      turn: entry.turn,
      from: entry.from,
      to: entry.to,
      text: entry.text,
      unheard: '',
      interrupted: false,
      confidence: entry.confidence,
      replyMs: null,
      meaning: entry.understood,
    };
  }
  if (entry.what === 'bot_turn') {
    return {
      seq: entry.seq,
      who: 'bot',
      turn: entry.turn,
      from: entry.from,
      to: entry.to,
      text: entry.heard,
      unheard: entry.heard === entry.text ? '' : unheard(entry.text, entry.heard),
      interrupted: entry.interrupted,
      confidence: null,
      replyMs: entry.reply_ms,
      meaning: null,
    };
  }
  if (entry.what === 'agent_turn') {
    const { seq, from, to, text, confidence } = entry;
    return { seq, who: 'agent', turn: 0, from, to, text, unheard: '', interrupted: false, confidence, replyMs: null, meaning: null };
  }
  return null;
}

function ownersOf(entries: Entry[], endMs: number): OwnerSpan[] {
  const spans: OwnerSpan[] = [];
  for (const entry of entries) {
    if (entry.what !== 'owner') continue;
    const last = spans.at(-1);
    if (last) last.to = entry.at;
    spans.push({ owner: entry.owner, from: entry.at, to: endMs });
  }
  return spans.filter((span) => span.owner.who !== 'ended' && span.to > span.from);
}

function stagesOf(steps: Step[], endMs: number): StageSpan[] {
  const spans: StageSpan[] = [];
  let name = '';
  const close = (at: number, ended: string | null): void => {
    const last = spans.at(-1);
    if (last && last.to === Infinity) {
      last.to = at;
      last.ended = ended;
    }
  };
  const open = (stage: Stage, at: number, label: string): void => {
    close(at, null);
    spans.push({ stage, from: at, to: Infinity, name: label, ended: null });
  };
  for (const { at, step } of steps) {
    if (step.step === 'started') open('queue', at, step.queue);
    else if (step.step === 'offered') name = step.name;
    else if (step.step === 'ringing') open('ringing', at, name);
    else if (step.step === 'briefing') open('briefing', at, name);
    else if (step.step === 'bridged') open('bridged', at, name);
    else if (step.step === 'offer_ended' && step.outcome !== 'accepted') {
      close(at, step.outcome);
      open('queue', at, '');
    } else if (step.step === 'taken_over') open('bridged', at, step.name);
    else if (step.step === 'back_to_agent') open('bridged', at, step.agent);
    else if (step.step === 'ended' && step.outcome !== 'bridged') close(at, step.outcome);
  }
  close(endMs, null);
  return spans.filter((span) => span.to > span.from);
}

/** Steps that say where the handoff stands; the rest are events inside them. */
function stepsOf(entries: Entry[]): Step[] {
  const steps: Step[] = [];
  for (const entry of entries) {
    if (entry.what !== 'handoff') continue;
    const last = steps.at(-1);
    if (last) last.tookMs = entry.at - last.at;
    steps.push({ seq: entry.seq, at: entry.at, step: entry.step, tookMs: null });
  }
  return steps;
}

/** Facts by name, the latest word on each, in the order in which they were first known. */
export function mergeFacts(...lists: Fact[][]): Fact[] {
  const byName = new Map<string, Fact>();
  for (const fact of lists.flat()) byName.set(fact.name, fact);
  return [...byName.values()];
}

function linesOf(entries: Entry[]): Line[] {
  const lines: Line[] = [];
  for (const entry of entries) {
    const turn = turnOf(entry);
    if (turn) {
      if (turn.text !== '' || turn.unheard !== '') lines.push({ kind: 'turn', key: `t${entry.seq}`, at: turn.from, turn });
    } else if (entry.what !== 'hearing' && entry.what !== 'answered') {
      lines.push({ kind: 'event', key: `e${entry.seq}`, at: entry.at, entry });
    }
  }
  return lines.sort((a, b) => a.at - b.at);
}

function hearingOf(entries: Entry[]): string | null {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i];
    if (entry?.what === 'hearing') return entry.text || null;
    if (entry?.what === 'caller_turn' || entry?.what === 'ended') return null;
  }
  return null;
}

const WATCHES: Supervised[] = ['listens', 'whispers', 'joined'];

/** `entries` in the order of their numbers. `nowMs`: how far a live call has come. */
export function readCall(entries: Entry[], nowMs = 0): CallView {
  const turns = entries.map(turnOf).filter((turn): turn is Turn => turn !== null);
  const ended = entries.some((entry) => entry.what === 'ended');
  const lastAt = Math.max(0, ...entries.map((entry) => entry.at), ...turns.map((turn) => turn.to));
  const endMs = ended ? lastAt : Math.max(lastAt, nowMs);
  const steps = stepsOf(entries);
  const decisions: Weighed[] = [];
  const lookUps: LookUp[] = [];
  const evidence: Evidence[] = [];
  const facts: Fact[] = [];
  const notices: { at: number; text: string }[] = [];
  let summary: Summary | null = null;
  let owner: Owner = { who: 'bot' };
  let watcher: CallView['watcher'] = null;
  for (const entry of entries) {
    if (entry.what === 'decision') decisions.push({ seq: entry.seq, at: entry.at, decision: entry.decision });
    else if (entry.what === 'evidence') evidence.push(entry.evidence);
    else if (entry.what === 'fact') facts.push(entry.fact);
    else if (entry.what === 'notice') notices.push({ at: entry.at, text: entry.notice });
    else if (entry.what === 'owner') owner = entry.owner;
    else if (entry.what === 'supervised') watcher = WATCHES.includes(entry.did) ? { name: entry.name, did: entry.did } : null;
    else if (entry.what === 'handoff' && entry.step.step === 'started') summary = entry.step.summary;
    else if (entry.what === 'handoff' && entry.step.step === 'inquiry' && entry.step.inquiry.did === 'asked') summary = entry.step.inquiry.summary;
    else if (entry.what === 'look_up') {
      const { seq, at, name, ok, took_ms, failure } = entry;
      lookUps.push({ seq, name, ok, failure, tookMs: took_ms, from: Math.max(0, at - took_ms), to: at });
    }
  }
  return {
    turns,
    lines: linesOf(entries),
    hearing: ended ? null : hearingOf(entries),
    owners: ownersOf(entries, endMs),
    owner: ended ? { who: 'ended' } : owner,
    lookUps,
    evidence,
    decisions,
    verdict: decisions.find((weighed) => weighed.decision.escalate) ?? decisions.at(-1) ?? null,
    facts: mergeFacts(facts),
    notices,
    steps,
    line: entries.flatMap((entry) => (entry.what === 'quality' && entry.who === 'caller' ? [entry.quality] : [])).at(-1) ?? null,
    stages: stagesOf(steps, endMs),
    summary,
    watcher: ended ? null : watcher,
    endMs,
    ended,
  };
}

/** How a caller's turn sounded: the strongest of what is on record of it. */
export interface Sounded {
  turn: Turn;
  /** 0..=1. */
  strength: number;
  feeling: 'calm' | 'friendly' | 'annoyed' | 'angry';
  /** The voice had risen, whatever the words. */
  raised: boolean;
}

const FELT = 0.5;

/** The caller's turns in their order, as far as their tone was looked at. */
export function moodOf(view: CallView): Sounded[] {
  const raised = view.evidence.filter((one) => one.signal.kind === 'raised_voice');
  return view.turns.flatMap((turn) => {
    if (turn.who !== 'caller' || turn.meaning === null) return [];
    const { anger, frustration, sarcasm, gratitude } = turn.meaning.tone;
    const strength = Math.max(anger, frustration, sarcasm);
    const feeling = anger >= FELT ? 'angry' : strength >= FELT ? 'annoyed' : gratitude >= FELT ? 'friendly' : 'calm';
    return [{ turn, strength, feeling, raised: raised.some(({ span: [from, to] }) => from < turn.to && to > turn.from) }];
  });
}

/** The value below which `part` (0..=1) of the sorted values lie; none of none. */
export function quantile(values: number[], part: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? sorted[0] ?? null;
}

export function replyTimes(view: CallView): { turn: Turn; ms: number }[] {
  return view.turns.flatMap((turn) => (turn.replyMs === null ? [] : [{ turn, ms: turn.replyMs }]));
}

/** Live calls first, then the newest. */
export function sortHeads(heads: Iterable<CallHead>): CallHead[] {
  return [...heads].sort((a, b) => (a.state === b.state ? b.started.localeCompare(a.started) : a.state === 'live' ? -1 : 1));
}

/** What whoever has the caller has done with the line since they have them, by the call's own record. */
export function lineOf(view: CallView): { held: boolean; muted: boolean } {
  const line = { held: false, muted: false };
  for (const { step } of view.steps) {
    if (step.step === 'bridged' || (step.step === 'third' && step.third.did === 'has_caller')) line.held = line.muted = false;
    else if (step.step === 'held') line.held = step.held;
    else if (step.step === 'muted') line.muted = step.muted;
  }
  return line;
}

/** Somebody whom the agent has called in. */
export interface Third {
  /** Whom the agent wanted, or who was found. */
  name: string;
  adds: boolean;
  stage: 'wanted' | 'rings' | 'talks' | 'joined';
  machine: boolean;
}

/** The third person on the call, and why the last one is out of it. */
export function thirdOf(view: CallView): { now: Third | null; last: { name: string; why: string } | null } {
  let now = null as Third | null;
  let last = null as { name: string; why: string } | null;
  for (const { step: one } of view.steps) {
    if (one.step !== 'third') continue;
    const step = one.third;
    if (step.did === 'asked') {
      now = { name: step.to, adds: step.adds, stage: 'wanted', machine: false };
      last = null;
    } else if (step.did === 'has_caller') {
      now = null;
      last = null;
    } else if (!now) continue;
    else if (step.did === 'offered') now = { ...now, name: step.name, stage: 'rings' };
    else if (step.did === 'answered') now = { ...now, stage: 'talks' };
    else if (step.did === 'machine_suspected') now = { ...now, machine: true };
    else if (step.did === 'joined') now = { ...now, stage: 'joined' };
    else {
      last = { name: now.name, why: step.why };
      now = null;
    }
  }
  return { now, last };
}

/** What the keys of the desk do with the caller's line. */
export interface LineKeys {
  hold: () => void;
  ask: (what: 'transfer' | 'consult' | 'add') => Promise<void>;
  withThird: (choice: 'part' | 'conference' | 'complete') => void;
}
