// A morning of calls for the list, the same at every start.

import { afterRinging, bot, numbered, said, untilRinging } from './record.mjs';

const people = [
  ['Ana Popescu', '+40721555010'],
  [null, '+40744555021'],
  ['Mihai Ionescu', '+40722555132'],
  ['Laura Schmidt', '+49301234567'],
  [null, '+40733555908'],
  ['Andrei Georgescu', '+40745555377'],
  ['Ioana Marin', '+40726555240'],
  ['Peter O’Brien', '+35316789012'],
  [null, 'sip:anonymous@anonymous.invalid'],
  ['Elena Dumitru', '+40728555616'],
];

// [minutes ago, person, intent, outcome, duration s, reasons, handoff outcome, agent, time to agent s, silence ms]
const rows = [
  [9, 1, 'opening_hours', 'contained', 31, [], null, null, null, 1180],
  [16, 2, 'order_status', 'contained', 64, [], null, null, null, 1920],
  [24, 3, 'cancellation', 'handed_over', 214, ['critical:cancellation', 'frustration'], 'bridged', 'andrei', 21.4, 2660],
  [31, 4, null, 'abandoned', 8, [], null, null, null, 2100],
  [47, 5, 'password_reset', 'contained', 88, [], null, null, null, 1410],
  [58, 6, 'order_status', 'callback_promised', 121, ['service_failed'], 'callback', null, null, 2890],
  [71, 7, 'complaint', 'handed_over', 388, ['anger', 'critical:formal_complaint'], 'bridged', 'maria', 12.1, 2240],
  [84, 8, null, 'caller_silent', 22, ['silence'], null, null, null, 8000],
  [97, 9, 'order_status', 'contained', 57, [], null, null, null, 1740],
  [112, 2, 'opening_hours', 'contained', 29, [], null, null, null, 990],
  [130, 6, 'human_agent', 'handed_over', 176, ['asked_for_human'], 'bridged', 'maria', 9.8, 1980],
  [141, 5, 'order_status', 'handed_over', 231, ['not_understood', 'low_confidence'], 'bridged', 'andrei', 33.0, 2710],
  [152, 3, 'complaint', 'voicemail_left', 96, ['anger'], 'voicemail', null, null, 2_240],
  [165, 3, 'password_reset', 'interrupted', 41, [], null, null, null, 1500],
  [1490, 9, 'order_status', 'contained', 61, [], null, null, null, 1200],
  [1530, 7, 'human_agent', 'abandoned', 47, ['asked_for_human', 'frustration'], 'caller_left', null, null, 2930],
  [1570, 0, 'order_status', 'contained', 71, [], null, null, null, 1310],
  [4420, 0, 'opening_hours', 'contained', 33, [], null, null, null, 940],
  [1610, 2, 'opening_hours', 'contained', 26, [], null, null, null, 870],
];
const names = { maria: 'Maria', andrei: 'Andrei' };

/** `[id, {head, entries}]` of every call in the list, the demo call first. */
export function history(now) {
  const calls = new Map();
  const demo = numbered([...untilRinging(), ...afterRinging()]);
  calls.set('demo', { entries: demo, head: headOf('demo', demo, now - 4 * 60_000) });
  rows.forEach(([ago, person, intent, outcome, seconds, reasons, handoff, agent, toAgent, silence], index) => {
    const [name, number] = people[person];
    const id = `call-${String(index + 1).padStart(2, '0')}`;
    const entries = numbered(plain(number, name, intent, outcome, seconds * 1000));
    const head = {
      ...headOf(id, entries, now - ago * 60_000),
      duration_ms: seconds * 1000,
      escalated: handoff !== null,
      reasons,
      handoff_outcome: handoff,
      agent,
      agent_name: agent && names[agent],
      time_to_agent_ms: toAgent && toAgent * 1000,
      longest_silence_ms: silence,
      recording: outcome !== 'interrupted',
    };
    calls.set(id, { entries, head });
  });
  return calls;
}

function plain(caller, caller_name, intent, outcome, ms) {
  const talk =
    intent === null
      ? []
      : [
          said(1, 7_400, 9_800, `I am calling about ${intent.replaceAll('_', ' ')}.`, 0.88, {
            intent,
            confidence: 0.9,
            intents: [{ name: intent, score: 0.9 }],
            knowledge: [],
            tone: { anger: 0, frustration: 0, sarcasm: 0, gratitude: 0 },
          }),
          bot(1, intent, 10_500, Math.min(16_000, ms - 500), 'Here is what I know about that. Anything else?', 700),
        ];
  return [
    { at: 0, what: 'arrived', caller, caller_name, called: '+40215550100', flow: 'support.en', language: 'en' },
    { at: 0, what: 'owner', owner: { who: 'bot' } },
    { at: 120, what: 'answered' },
    { at: 5_000, what: 'notice', notice: 'automation' },
    bot(0, 'greeting', 300, Math.min(6_600, ms - 1_000), 'Hello, this is the automated assistant of Warm Goods. What can I do for you?', null),
    ...talk,
    ...(outcome === 'voicemail_left' ? [message(ms - 26_000, ms - 4_000)] : []),
    { at: ms, what: 'owner', owner: { who: 'ended' } },
    { at: ms, what: 'ended', outcome },
  ];
}

function message(from, to) {
  return { at: to, what: 'handoff', step: { step: 'voicemail', from, to, text: 'My order came broken, please call me back before Friday.' } };
}

/** The head of a call, from its record. */
export function headOf(id, entries, startedMs) {
  const find = (what) => entries.filter((entry) => entry.what === what);
  const arrived = find('arrived')[0];
  const ended = find('ended')[0];
  const steps = find('handoff').map((entry) => entry.step);
  const bridged = steps.find((step) => step.step === 'bridged');
  const offered = steps.findLast((step) => step.step === 'offered');
  const decision = find('decision').find((entry) => entry.decision.escalate)?.decision;
  return {
    id,
    started: new Date(startedMs).toISOString(),
    caller: arrived.caller,
    caller_name: arrived.caller_name,
    called: arrived.called,
    asserted: true,
    trunk: 'isp',
    flow: arrived.flow,
    language: arrived.language,
    state: ended ? 'ended' : 'live',
    owner: find('owner').at(-1)?.owner ?? { who: 'bot' },
    owner_since: new Date(startedMs + (find('owner').at(-1)?.at ?? 0)).toISOString(),
    outcome: ended?.outcome ?? null,
    duration_ms: ended?.at ?? null,
    intent: find('caller_turn').findLast((entry) => entry.understood?.intent && entry.understood.intent !== 'human_agent')?.understood.intent ?? null,
    escalated: decision !== undefined,
    reasons: decision?.reasons ?? [],
    handoff_outcome: steps.findLast((step) => step.step === 'ended')?.outcome ?? null,
    agent: bridged?.agent ?? null,
    agent_name: bridged ? (offered?.name ?? null) : null,
    time_to_agent_ms: bridged?.time_to_agent_ms ?? null,
    longest_silence_ms: bridged?.longest_silence_ms ?? (ended ? 1_900 : null),
    recording: ended !== undefined,
  };
}
