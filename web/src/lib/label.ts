import { t } from '../i18n';
import type { AgentRow, CallHead, Entry, Fact, HandoffStep, InquiryStep, Owner, Signal, ThirdStep } from './contract';
import { address, capital, date, score, span, words } from './format';

/** The words of a reason of the policy: `critical:cancellation` → "Critical matter: cancellation". */
export function reason(name: string): string {
  const [kind = '', matter] = name.split(':', 2);
  const label = Object.hasOwn(t.signals, kind) ? t.signals[kind as Signal['kind']] : capital(words(kind));
  return matter === undefined ? label : `${label}: ${words(matter)}`;
}

export function signal(of: Signal): string {
  return reason(of.matter === undefined ? of.kind : `${of.kind}:${of.matter}`);
}

export function owner(of: Owner): string {
  if (of.who === 'queue') return t.owner.queue(words(of.queue));
  if (of.who === 'agent') return t.owner.agent(of.name);
  return t.owner[of.who];
}

export function ownerShort(of: Owner): string {
  if (of.who === 'queue') return t.ownerShort.queue(words(of.queue));
  if (of.who === 'agent') return t.ownerShort.agent(of.name);
  return of.who === 'bot' ? t.ownerShort.bot : '';
}

export function agentState(state: string): string {
  return Object.hasOwn(t.agentStates, state) ? (t.agentStates[state] ?? state) : capital(words(state));
}

/** Words of the configuration's lists: those that every desk has are said in the page's language. */
export function listed(word: string): string {
  return Object.hasOwn(t.listed, word) ? (t.listed[word] ?? word) : capital(words(word));
}

/** Queues and languages of an agent. */
export function agentSkills(agent: AgentRow): string {
  return [agent.queues.map(words).join(', '), agent.languages.join(', ')].filter((part) => part !== '').join(' · ');
}

/** What a caller wants. Intents are the flow's own names; the ones that every flow has are said better. */
export function matter(intent: string | null): string {
  if (intent === null) return t.list.noMatter;
  return Object.hasOwn(t.matters, intent) ? (t.matters[intent] ?? intent) : capital(words(intent));
}

/** How a call went, in its colour: nothing to say, a human was there, or something to look at. */
export function outcomeTone(head: CallHead): 'plain' | 'good' | 'warn' | 'bad' {
  switch (head.outcome) {
    case 'handed_over':
      return 'good';
    case 'contained':
    case null:
      return 'plain';
    case 'callback_promised':
    case 'caller_not_reached':
    case 'callback_put_off':
    case 'voicemail_left':
    case 'nobody_came':
    case 'abandoned':
    case 'caller_silent':
    case 'drained':
      return 'warn';
    default:
      return 'bad';
  }
}

export function handoffStep(step: HandoffStep): string {
  const of = t.call.step;
  switch (step.step) {
    case 'started':
      return of.started(words(step.queue));
    case 'waiting':
      return of.waiting(step.position, step.estimate_s === null ? null : span(step.estimate_s * 1000));
    case 'offered':
      return of.offered(step.name);
    case 'ringing':
      return of.ringing;
    case 'briefing':
      return of.briefing;
    case 'offer_ended':
      return of.offer_ended(t.offerOutcomes[step.outcome] ?? words(step.outcome));
    case 'closed':
      return of.closed(step.queue);
    case 'caller_told':
      return of.caller_told(step.text);
    case 'bridged':
      return of.bridged;
    case 'transferring':
      return of.transferring;
    case 'transfer_ended':
      return of.transfer_ended(t.transferOutcomes[step.outcome] ?? words(step.outcome));
    case 'transfer_asked':
      return of.transfer_asked(step.to);
    case 'back_to_agent':
      return of.back_to_agent;
    case 'taken_over':
      return of.taken_over(step.name);
    case 'callback_promised':
      return of.callback_promised(address(step.number));
    case 'caller_rung':
      return of.caller_rung;
    case 'caller_not_reached':
      return of.caller_not_reached(t.notReached[step.why] ?? words(step.why));
    case 'voicemail':
      return of.voicemail(step.text);
    case 'briefed':
      return of.briefed(span(step.took_ms));
    case 'briefing_failed':
      return of.briefing_failed(step.instead === 'bell');
    case 'chose':
      return of.chose(step.choice, step.by, step.words);
    case 'held':
      return of.held(step.held);
    case 'muted':
      return of.muted(step.muted);
    case 'introduced':
      return of.introduced(step.whole);
    case 'inquiry':
      return inquiry(step.inquiry);
    case 'third':
      return third(step.third);
    case 'sent_to_bot':
      return of.sent_to_bot(step.node === null ? null : words(step.node));
    case 'ended':
      return of.ended(t.handoffOutcomes[step.outcome] ?? words(step.outcome));
    default:
      return words((step as { step: string }).step);
  }
}

function inquiry(step: InquiryStep): string {
  const of = t.call.inquiry;
  switch (step.did) {
    case 'asked':
      return of.asked(step.queue, step.question);
    case 'said_back':
      return of.saidBack;
    case 'not_understood':
      return of.notUnderstood;
    case 'answered':
      return of.answered(step.name, step.text);
    case 'ended':
      return of.ended(t.inquiryOutcomes[step.outcome] ?? words(step.outcome));
  }
}

function third(step: ThirdStep): string {
  const of = t.call.third;
  switch (step.did) {
    case 'asked':
      return of.asked(step.to, step.adds);
    case 'offered':
      return of.offered(step.name, step.by);
    case 'answered':
      return of.answered;
    case 'machine_suspected':
      return of.machine;
    case 'joined':
      return of.joined;
    case 'has_caller':
      return of.hasCaller(step.name);
    case 'ended':
      return of.ended(t.thirdEnds[step.why] ?? words(step.why));
  }
}

/** One line of what happened; none for entries that are shown elsewhere. */
export function event(entry: Entry): string | null {
  const of = t.call.event;
  switch (entry.what) {
    case 'arrived':
      return of.arrived(address(entry.called));
    case 'calls_back':
      return of.calls_back;
    case 'owner':
      return entry.owner.who === 'ended' ? null : of.owner(owner(entry.owner));
    case 'notice':
      return of.notice(notice(entry.notice));
    case 'language':
      return of.language(entry.language);
    case 'private':
      return entry.on ? of.private_on : of.private_off;
    case 'consent':
      return of.consent[entry.answer];
    case 'redacted':
      return of.redacted(entry.kinds.map((kind) => t.redacted[kind] ?? words(kind)).join(', '));
    case 'key':
      return of.key(entry.digit);
    case 'fact':
      return `${of.fact(capital(entry.fact.label), value(entry.fact))} (${entry.fact.confirmed ? of.confirmed : of.unconfirmed})`;
    case 'look_up':
      return entry.ok
        ? of.lookUp(words(entry.name), span(entry.took_ms))
        : of.lookUpFailed(words(entry.name), t.failures[entry.failure ?? 'broken'] ?? words(entry.failure ?? ''), span(entry.took_ms));
    case 'evidence':
      return of.evidence(signal(entry.evidence.signal), entry.evidence.quote);
    case 'decision':
      return (entry.decision.escalate ? of.escalated : of.stayed)(score(entry.decision.score), score(entry.decision.threshold));
    case 'handoff':
      return handoffStep(entry.step);
    case 'supervised':
      return t.supervise.did[entry.did](entry.name === '' ? t.supervise.nobody : entry.name);
    case 'far_end':
      return of.farEnd(entry.sign, entry.who === 'caller');
    case 'cause': {
      const { sip, q850, retry_after_s } = entry.cause;
      const figures = [sip === null ? '' : `SIP ${sip}`, q850 === null ? '' : `Q.850 ${q850}`].filter((figure) => figure !== '').join(', ');
      return of.cause(entry.who === 'caller', figures, retry_after_s);
    }
    case 'asked_again':
      return of.askedAgain(entry.about === 'matter' || entry.about === 'name' ? of.askedFor[entry.about] : entry.label, entry.question);
    case 'trouble':
      return of.trouble(entry.what_failed, entry.then);
    case 'ended':
      return of.ended(t.outcomes[entry.outcome] ?? words(entry.outcome));
    default:
      return null;
  }
}

/** Notices are named by kind, or are the words themselves. */
export function notice(name: string): string {
  const known = t.call.notices.known;
  return Object.hasOwn(known, name) ? (known[name] ?? name) : capital(words(name));
}

/** A fact's value as people write it. */
export function value(fact: Fact): string {
  return date(fact.value) ?? fact.value;
}

export function source(fact: Fact): string {
  return t.sources[fact.source] ?? words(fact.source);
}
