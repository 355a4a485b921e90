// The demo call as a record: what the gateway would write down, entry by entry. Times are milliseconds since the call arrived.

const tone = (anger = 0.02, frustration = 0.05) => ({ anger, frustration, sarcasm: 0.02, gratitude: 0.04 });
const meaning = (intent, confidence, extra = {}) => ({
  intent,
  confidence,
  intents: [
    { name: intent ?? 'other_support', score: confidence },
    { name: 'other_support', score: 0.08 },
  ],
  knowledge: [],
  tone: tone(),
  ...extra,
});

const stay = (score, evidence, reasons, why, would_change) => ({
  what: 'decision',
  decision: { escalate: false, score, threshold: 1, reasons, evidence, why, would_change, at_thresholds: [], care: 'none' },
});

const callerNumber = {
  name: 'caller_number',
  label: 'caller number',
  value: '+40 721 555 010',
  confidence: 1,
  confirmed: true,
  source: 'network',
  span: null,
};
const orderNumber = (confirmed) => ({
  name: 'order_number',
  label: 'order number',
  value: '457129',
  confidence: confirmed ? 1 : 0.91,
  confirmed,
  source: 'said',
  span: [24_300, 27_100],
});
const orderStatus = {
  name: 'order_state',
  label: 'order state',
  value: 'with the carrier since Thursday',
  confidence: 1,
  confirmed: true,
  source: 'looked_up',
  span: null,
};

export const evidence = [
  {
    number: 1,
    signal: { kind: 'asked_for_human' },
    quote: 'let me talk to a person',
    span: [41_900, 43_600],
    weight: 1.0,
    certainty: 0.98,
  },
  { number: 2, signal: { kind: 'repeated' }, quote: 'this is the third time I am asking', span: [39_800, 41_800], weight: 0.35, certainty: 0.86 },
  { number: 3, signal: { kind: 'frustration' }, quote: 'this is the third time I am asking, let me talk to a person', span: [39_800, 43_600], weight: 0.24, certainty: 0.71 },
];

export const summary = {
  who: 'Ana Popescu',
  reason: 'Order 457129 has been with the carrier since Thursday, and she wants to know when it arrives.',
  why_now: 'She asked for a person, and says that this is the third time she is asking.',
  facts: [orderNumber(true), orderStatus, callerNumber],
  tried: ['Told her the opening hours on Saturday, 9 to 1', 'Looked up order 457129: with the carrier since Thursday'],
  open_question: 'When will the order arrive?',
  mood: 'annoyed',
  last_words: ['This is the third time I am asking, let me talk to a person.'],
  intent: 'order_status',
  suggested_opening: 'Hello Ana, I have your order 457129 here. Let me find out from the carrier when it reaches you.',
  spoken: [
    'Ana Popescu about order 457129.',
    'It has been with the carrier since Thursday.',
    'She asked for a person, and sounds annoyed.',
    'Press 1 to take the call, 2 to pass it on.',
  ],
  do_first: 'Ask the carrier when it arrives.',
  more: ['She was told the opening hours on Saturday.'],
};

/** The call up to the moment at which the agent's phone rings. */
export function untilRinging({ caller = '+40721555010', callerName = 'Ana Popescu', agent = 'maria', agentName = 'Maria' } = {}) {
  return [
    { at: 0, what: 'arrived', caller, caller_name: callerName, called: '+40215550100', flow: 'support.en', language: 'en' },
    { at: 0, what: 'owner', owner: { who: 'bot' } },
    { at: 140, what: 'answered' },
    { at: 140, what: 'fact', fact: callerNumber },
    { at: 5_200, what: 'notice', notice: 'automation' },
    { at: 6_000, what: 'notice', notice: 'recording' },
    bot(0, 'greeting', 300, 6_800, 'Hello, this is the automated assistant of Warm Goods. This call is recorded. What can I do for you?', null),
    { at: 8_300, what: 'hearing', text: 'what are your' },
    { at: 9_100, what: 'hearing', text: 'what are your opening hours on' },
    said(1, 7_600, 10_100, 'What are your opening hours on Saturday?', 0.96, meaning('opening_hours', 0.97)),
    { ...stay(0, [], [], 'Nothing speaks for a human.', 'A request for a person would be enough alone.'), at: 10_480 },
    bot(1, 'opening_hours', 10_760, 14_700, 'On Saturday we are open from nine in the morning to one in the afternoon. Anything else?', 660),
    { at: 16_300, what: 'hearing', text: 'where is my' },
    said(2, 15_700, 17_300, 'Where is my order?', 0.93, meaning('order_status', 0.94)),
    { ...stay(0, [], [], 'Nothing speaks for a human.', 'A request for a person would be enough alone.'), at: 17_690 },
    bot(2, 'ask_order_number', 18_020, 20_600, 'I can look that up. What is your order number, please?', 720),
    { at: 25_600, what: 'hearing', text: 'it is four five seven' },
    said(3, 23_700, 27_100, 'It is four five seven one two nine.', 0.71, meaning('order_status', 0.62)),
    { at: 27_400, what: 'fact', fact: orderNumber(false) },
    { ...stay(0.12, [], [], 'One turn was not heard surely enough, which alone is no reason.', 'A second uncertain turn would add to the score.'), at: 27_420 },
    bot(3, 'filler', 27_900, 29_300, 'One moment, I am looking.', 800),
    { at: 29_640, what: 'look_up', name: 'order_by_number', ok: true, took_ms: 1_840, failure: null },
    { at: 29_640, what: 'fact', fact: orderNumber(true) },
    { at: 29_640, what: 'fact', fact: orderStatus },
    {
      ...bot(3, 'order_answer', 30_100, 39_900, 'Your order 457129 has been with the carrier since Thursday.', null),
      text: 'Your order 457129 has been with the carrier since Thursday. It is expected within the next three working days. Is there anything else that I can do for you?',
      heard: 'Your order 457129 has been with the carrier since Thursday. It is expected within',
      interrupted: true,
    },
    { at: 41_000, what: 'hearing', text: 'this is the third time' },
    { at: 42_600, what: 'hearing', text: 'this is the third time I am asking let me talk' },
    said(4, 39_700, 43_700, 'This is the third time I am asking, let me talk to a person.', 0.94, {
      ...meaning('human_agent', 0.95),
      tone: tone(0.28, 0.74),
    }),
    ...evidence.map((one, index) => ({ at: 44_020 + index, what: 'evidence', evidence: one })),
    {
      at: 44_040,
      what: 'decision',
      decision: {
        escalate: true,
        score: 1.47,
        threshold: 1,
        reasons: ['asked_for_human', 'repeated', 'frustration'],
        evidence: [1, 2, 3],
        why: 'The caller asked for a person in plain words, which is enough alone; asking again and an annoyed tone add to it.',
        would_change: 'Without the request for a person the score is 0.59, and the bot would have offered to look up the delivery date.',
        at_thresholds: [{ threshold: 0.7, at: 44_040 }, { threshold: 1.3, at: 44_040 }],
        care: 'none',
      },
    },
    { at: 44_060, what: 'owner', owner: { who: 'queue', queue: 'orders' } },
    { at: 44_060, what: 'handoff', step: { step: 'started', queue: 'orders', summary } },
    { at: 44_090, what: 'handoff', step: { step: 'offered', agent, name: agentName } },
    bot(4, 'handoff', 44_640, 48_900, 'I am sorry that you had to ask again. I am calling my colleague Maria from orders for you now.', 940),
    { at: 45_300, what: 'handoff', step: { step: 'ringing', agent } },
    { at: 48_900, what: 'handoff', step: { step: 'caller_told', text: 'I am calling my colleague Maria from orders for you now.' } },
  ].sort((a, b) => a.at - b.at);
}

/** From the agent's answer to the end, for calls that are over. */
export function afterRinging(agent = 'maria', agentName = 'Maria') {
  return [
    { at: 51_200, what: 'handoff', step: { step: 'briefing', agent } },
    bot(4, 'handoff', 53_000, 56_100, 'Maria has picked up. I am telling her what this is about.', null),
    { at: 56_100, what: 'handoff', step: { step: 'caller_told', text: 'Maria has picked up. I am telling her what this is about.' } },
    { at: 60_400, what: 'handoff', step: { step: 'offer_ended', agent, outcome: 'accepted' } },
    { at: 60_620, what: 'handoff', step: { step: 'bridged', agent, time_to_agent_ms: 16_560, longest_silence_ms: 2_410 } },
    { at: 60_620, what: 'owner', owner: { who: 'agent', agent, name: agentName } },
    { at: 60_640, what: 'handoff', step: over('bridged') },
    said(5, 63_800, 66_000, 'Thank you, finally somebody real.', 0.9, null),
    said(6, 72_400, 75_900, 'So it comes tomorrow before noon? That is good.', 0.92, null),
    {
      at: 92_290,
      what: 'quality',
      who: 'caller',
      quality: { codec: 'PCMA', protection: 'sdes', packets: 4_600, lost: 23, jitter_ms: 3.1, round_trip_ms: 41, mos: 4.24 },
    },
    { at: 92_300, what: 'owner', owner: { who: 'ended' } },
    { at: 92_300, what: 'ended', outcome: 'handed_over' },
  ];
}

/** The end of a handoff. */
export function over(outcome) {
  return { step: 'ended', outcome, waited_ms: 11_200, longest_silence_ms: 2_410, offers: 1, repeats: 0 };
}

export function bot(turn, node, from, to, text, reply_ms) {
  return { at: to, what: 'bot_turn', turn, node, text, heard: text, interrupted: false, from, to, reply_ms };
}

export function said(turn, from, to, text, confidence, understood) {
  return { at: to + 320, what: 'caller_turn', turn, text, confidence, from, to, understood };
}

/** Numbers entries in their order. */
export function numbered(entries) {
  return entries.map((entry, index) => ({ seq: index + 1, ...entry }));
}
