// The beginnings of live streams, as the gateway has them: what there is, or what has changed since the page was here.

/** An agent's state, and the cards behind the last one that the page has; a page that is opened gets the last one alone. */
export function agentEvents(mock, request, response, agent) {
  const tell = opened(mock, response, { agent: agent.id });
  const { after, missed } = wanted(mock, request);
  const cards = [...(mock.cards.get(agent.id)?.values() ?? [])];
  const due = after === null ? cards.slice(-1) : cards.filter(({ number }) => missed || number > after);
  tell('agent', agent, after ?? (due[0]?.number ?? mock.number + 1) - 1);
  if (missed) tell('reload', {});
  for (const { card, number } of due) tell('card', card, number);
}

/** The heads of calls that are live, or have changed since. */
export function listEvents(mock, request, response) {
  const tell = opened(mock, response, { list: true });
  const { after, missed } = wanted(mock, request);
  const isNews = (call) => (after === null || missed ? call.head?.state === 'live' : call.changed > after);
  const news = [...mock.calls.values()].filter(isNews).sort((a, b) => a.changed - b.changed);
  if (missed) tell('reload', {});
  for (const call of news) tell('call', call.head, call.changed);
}

/** A call's entries. */
export function callEvents(mock, request, response, id) {
  const tell = opened(mock, response, { call: id });
  const call = mock.calls.get(id);
  const last = wanted(mock, request).after ?? 0;
  for (const entry of call.entries) if (entry.seq > last) tell('entry', entry, entry.seq);
  if (call.head.state === 'ended') tell('end', {});
}

function opened(mock, response, about) {
  mock.open(response, about);
  return (event, data, number) => mock.send((stream) => stream.response === response, event, data, number);
}

/** The event behind which a reader goes on. */
function wanted(mock, request) {
  const said = request.headers['last-event-id'] ?? new URL(request.url, 'http://mock').searchParams.get('after') ?? '';
  const after = said === '' ? null : Number(said);
  return { after, missed: after !== null && after < mock.gone };
}
