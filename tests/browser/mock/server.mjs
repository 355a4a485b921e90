// The gateway's HTTP API with scripted calls, for working on the pages and for testing them alone. Plain node.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEADERS, json, refuse } from './answer.mjs';
import { headOf, history } from './history.mjs';
import { afterRinging, bot, evidence, numbered, over, summary, untilRinging } from './record.mjs';
import { People } from './people.mjs';
import { Privacy } from './privacy.mjs';
import { agentEvents, callEvents, listEvents } from './streams.mjs';
import { Waiting } from './waiting.mjs';
import { wavOf } from './wav.mjs';

const DIST = fileURLToPath(new URL('../../../web/dist/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Starts the server; `speed` is how much faster than life scripted calls run. */
export async function startMock({ port = 0, dist = DIST, speed = 1, empty = false, accounts = false } = {}) {
  const mock = new Mock(dist, speed, empty);
  if (accounts) mock.people = new People();
  const server = createServer((request, response) => mock.serve(request, response));
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  mock.url = `http://127.0.0.1:${server.address().port}`;
  mock.close = async () => {
    mock.stopped = true;
    for (const timer of mock.timers) clearTimeout(timer);
    mock.dropStreams();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return mock;
}

/** An agent, by their id. */
function person(agent) {
  const usual = { state: 'available', calls: [], capacity: 1, browser: false, desk_phone: true, reason: null };
  const free = { get: () => (usual.state === 'available' ? usual.capacity - usual.calls.length : 0), enumerable: true };
  Object.defineProperty(Object.assign(usual, agent), 'free', free);
  return [agent.id, usual];
}

class Mock {
  constructor(dist, speed, empty) {
    this.dist = dist;
    this.speed = speed;
    this.calls = empty ? new Map() : history(Date.now());
    this.agents = new Map(
      empty
        ? []
        : [
            person({ id: 'maria', name: 'Maria', queues: ['orders', 'returns'], languages: ['en', 'ro'] }),
            person({ id: 'andrei', name: 'Andrei', state: 'away', queues: ['orders'], languages: ['en'] }),
            person({ id: 'sofia', name: 'Sofia', state: 'resting', queues: ['accounts'], languages: ['en', 'de'] }),
          ],
    );
    /** Accounts, if there are any. */
    this.people = null;
    this.privacy = new Privacy();
    /** The cards of each agent by call, with the number of their last change. */
    this.cards = new Map();
    /** The numbers of events: those of heads and cards come from one row. Readers from before `gone` are told to begin anew. */
    this.number = 0;
    this.gone = 0;
    this.streams = new Set();
    this.timers = new Set();
    this.choices = [];
    this.answers = [];
    /** Claim codes and their calls, those that were typed, and seconds for which nobody may try. */
    this.claims = new Map();
    this.claimed = [];
    this.claimWait = 0;
    this.supervisions = [];
    /** What all must fit that is said, if there is something (`contract.mjs`). */
    this.contract = null;
    this.notes = new Map();
    this.waiting = new Waiting();
    this.corrections = [];
    this.requests = [];
    this.down = false;
    this.next = 1;
  }

  after(ms, run) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.stopped) run();
    }, ms / this.speed);
    this.timers.add(timer);
  }

  // --- scripted calls ---

  /** A call arrives and runs to the agent's phone, which is picked up after `pickUpMs` (never, if null). `auto`: the call is taken without anybody at the page.
   *  `alreadyMs`: how far it has come. */
  startCall({ auto = false, inquiry = null, alreadyMs = 0, pickUpMs = 6_000, callerName = 'Ana Popescu', caller = '+40721555010', network = {}, override = (entry) => entry } = {}) {
    const id = `live-${this.next}`;
    this.next += 1;
    const call = { id, entries: [], startedReal: Date.now() - alreadyMs / this.speed, state: 'talking', auto, inquiry, network, head: null };
    const script = untilRinging({ caller, callerName }).map(override);
    this.calls.set(id, call);
    for (const entry of script) this.after(entry.at - alreadyMs, () => this.write(call, entry));
    this.after(45_300 - alreadyMs, () => {
      this.agents.get('maria').calls = [id];
      this.card(call, 'maria', 'ringing');
      if (pickUpMs !== null) this.after(pickUpMs, () => this.pickUp(id));
    });
    return id;
  }

  /** The agent's phone is picked up: the briefing begins, or, if the page has accepted already, the conversation. */
  pickUp(id) {
    const call = this.calls.get(id);
    if (call.state !== 'ringing') return;
    if (call.accepted) return this.bridge(call, 'maria');
    this.step(call, { step: 'briefing', agent: 'maria' });
    this.card(call, 'maria', 'briefing');
    if (call.auto) this.after(9_000, () => this.choose(call, 'accept'));
  }

  now(call) {
    return Math.round((Date.now() - call.startedReal) * this.speed);
  }

  write(call, entry) {
    if (call.over) return;
    call.entries.push({ seq: call.entries.length + 1, ...entry });
    const full = call.entries.at(-1);
    call.head = { ...headOf(call.id, call.entries, call.startedReal), ...call.network };
    const owner = call.entries.findLast((one) => one.what === 'owner');
    if (owner) call.head.owner_since = new Date(call.startedReal + owner.at / this.speed).toISOString();
    this.send((stream) => stream.call === call.id, 'entry', full, full.seq);
    this.number += 1;
    call.changed = this.number;
    this.send((stream) => stream.list, 'call', call.head, this.number);
    if (full.what === 'ended') {
      call.over = true;
      this.send((stream) => stream.call === call.id, 'end', {});
    }
  }

  step(call, step) {
    this.write(call, { at: this.now(call), what: 'handoff', step });
  }

  card(call, agent, step, outcome = null, consultedBy = null) {
    const card = { call: call.head, summary: call.summary ?? summary, reasons: call.head.reasons, evidence: call.evidence ?? evidence, step, outcome, consulted_by: consultedBy, inquiry: call.inquiry ?? null };
    if (consultedBy === null) call.state = step;
    const states = { ringing: 'ringing', briefing: 'ringing', bridged: 'busy', ended: 'wrap_up' };
    this.agents.get(agent).state = outcome === 'declined' ? 'resting' : states[step];
    this.number += 1;
    const cards = this.cards.get(agent) ?? new Map();
    // Behind all others.
    cards.delete(call.id);
    this.cards.set(agent, cards.set(call.id, { number: this.number, card }));
    this.send((stream) => stream.agent === agent, 'card', card, this.number);
    this.send((stream) => stream.agent === agent, 'agent', this.agents.get(agent), this.number);
  }

  choose(call, choice, to) {
    const agent = 'maria';
    if (call.state === 'bridged') {
      if (choice === 'hang_up') this.end(call, 'handed_over');
      else this.third(call, agent, choice, to);
    } else if (choice !== 'accept') this.decline(call, agent);
    else if (call.state === 'ringing') call.accepted = true;
    else if (call.state === 'briefing') this.bridge(call, agent);
  }

  /** What an agent does with a third person; the colleague is Andrei, and answers when `thirdAnswers` is called. */
  third(call, agent, choice, to) {
    const did = (third) => this.step(call, { step: 'third', agent, third });
    const [who, name] = to?.number ? [to.number, to.number] : ['andrei', 'Andrei'];
    if (choice === 'consult' || choice === 'add') {
      call.third = who;
      did({ did: 'asked', to: Object.values(to)[0], adds: choice === 'add' });
      if (choice === 'consult') this.step(call, { step: 'held', agent, held: true });
      did({ did: 'offered', who, name, by: 'Maria' });
      if (!to.number) this.card(call, who, 'ringing', null, 'Maria');
    } else if (choice === 'conference') {
      this.step(call, { step: 'held', agent, held: false });
      did({ did: 'joined', who: call.third });
    } else if (choice === 'part') {
      did({ did: 'ended', who: call.third, why: 'parted' });
      this.step(call, { step: 'held', agent, held: false });
    } else if (choice === 'complete') {
      did({ did: 'has_caller', who: call.third, name: 'Andrei' });
      this.write(call, { at: this.now(call), what: 'owner', owner: { who: 'agent', agent: call.third, name: 'Andrei' } });
      this.card(call, agent, 'ended', 'accepted');
    }
  }

  /** Whoever was called in picks up, or does not. */
  thirdAnswers(id, why = null) {
    const call = this.calls.get(id);
    const third = why === null ? { did: 'answered', who: call.third } : { did: 'ended', who: call.third, why };
    this.step(call, { step: 'third', agent: 'maria', third });
    if (call.third === 'andrei') this.card(call, 'andrei', why === null ? 'bridged' : 'ended', null, 'Maria');
    if (why !== null) this.step(call, { step: 'held', agent: 'maria', held: false });
    call.state = 'bridged';
  }

  bridge(call, agent) {
    this.step(call, { step: 'offer_ended', agent, outcome: 'accepted' });
    this.step(call, { step: 'bridged', agent, time_to_agent_ms: 11_200, longest_silence_ms: 2_410 });
    this.write(call, { at: this.now(call), what: 'owner', owner: { who: 'agent', agent, name: 'Maria' } });
    this.step(call, over('bridged'));
    this.card(call, agent, 'bridged');
    if (call.auto) this.after(20_000, () => this.end(call, 'handed_over'));
  }

  /** The agent has answered what the bot asks. */
  answered(call, { agent, text, suggestion }) {
    const said = text ?? call.inquiry.suggestions.find((one) => one.name === suggestion).text;
    this.step(call, { step: 'offer_ended', agent, outcome: 'answered' });
    this.step(call, { step: 'inquiry', inquiry: { did: 'answered', agent, name: 'Maria', text: said, choice: suggestion ?? null, by: 'screen' } });
    call.inquiry = null;
    this.agents.get(agent).calls = [];
    this.card(call, agent, 'ended', 'answered');
  }

  decline(call, agent) {
    this.step(call, { step: 'offer_ended', agent, outcome: 'declined' });
    this.agents.get(agent).calls = [];
    this.card(call, agent, 'ended', 'declined');
    this.after(1_000, () => {
      const at = this.now(call);
      this.write(call, bot(7, 'callback', at, at + 3_000, 'Nobody is free right now. We call you back on the number that you are calling from.', null));
      this.step(call, { step: 'callback_promised', number: call.head.caller });
      this.step(call, over('callback'));
      this.end(call, 'callback_promised');
    });
  }

  end(call, outcome) {
    if (call.over) return;
    this.write(call, { at: this.now(call), what: 'owner', owner: { who: 'ended' } });
    this.write(call, { at: this.now(call), what: 'ended', outcome });
    const agent = this.agents.get('maria');
    if (agent.calls[0] !== call.id) return;
    agent.calls = [];
    this.card(call, 'maria', 'ended', call.state === 'bridged' ? 'accepted' : 'caller_left');
  }

  /** Ends every call, and gives the agents back. */
  endAll() {
    for (const call of this.calls.values()) if (call.head?.state === 'live') this.end(call, 'abandoned');
    this.cards.clear();
    Object.assign(this.agents.get('maria'), { state: 'available', calls: [] });
  }

  /** A finished call with the given words of the caller. */
  addCall(id, { callerName, texts }) {
    const source = [...untilRinging({ callerName }), ...afterRinging()];
    const extra = texts.map((text, index) => ({
      at: 64_000 + index * 40,
      what: 'caller_turn',
      turn: 10 + index,
      text,
      confidence: 0.9,
      from: 64_000 + index * 40,
      to: 64_030 + index * 40,
      understood: null,
    }));
    const entries = numbered([...source, ...extra].sort((a, b) => a.at - b.at));
    this.calls.set(id, { entries, head: headOf(id, entries, Date.now() - 120_000) });
  }

  // --- HTTP ---

  send(filter, event, data, id) {
    this.contract?.told(event, data);
    const text = `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.streams) if (filter(stream)) stream.response.write(text);
  }

  dropStreams() {
    for (const stream of this.streams) stream.response.destroy();
    this.streams.clear();
  }

  serve(request, response) {
    const url = new URL(request.url, 'http://mock');
    this.requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname.startsWith('/api/')) {
      response.noted = (status, body) => this.contract?.answered(request.method, url.pathname, status, body);
      if (this.down) return refuse(response, 503, 'down');
      return this.api(request, response, url);
    }
    if (url.pathname === '/healthz') return json(response, this.down ? 503 : 200, { status: 'ok' });
    if (url.pathname === '/mock/call' && request.method === 'POST') return json(response, 202, { id: this.startCall() });
    return this.file(response, url.pathname);
  }

  file(response, path) {
    const wanted = normalize(join(this.dist, path));
    const inside = wanted.startsWith(this.dist) && existsSync(wanted) && statSync(wanted).isFile();
    if (!inside && path.startsWith('/assets/')) return refuse(response, 404, 'not_found');
    const name = inside ? wanted : join(this.dist, 'index.html');
    response.writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' });
    createReadStream(name).pipe(response);
  }

  async api(request, response, url) {
    const [, , , kind, id, part] = url.pathname.split('/').map(decodeURIComponent);
    const body = request.method === 'GET' ? null : await read(request);
    this.contract?.asked(request.method, url.pathname, body);
    if (body !== null && request.headers['content-type'] !== 'application/json') return refuse(response, 415, 'not_json');
    if (this.people && this.people.serve(request, response, kind, id, part, body) !== false) return undefined;
    if (kind === 'session') return json(response, 200, { accounts: false, signed_in: null });
    if (part === 'state' && !['available', 'away'].includes(body.state)) return refuse(response, 400, 'bad_request');
    if (kind === 'privacy') return this.privacy.serve(response, this.calls, id, part, body);
    if (kind === 'claims') return this.claim(response, body);
    if (kind === 'figures') return json(response, 200, this.figures());
    if (kind === 'callbacks' || kind === 'voicemails') return this.waiting.serve(response, this.calls, kind, id, part, body);
    if (kind === 'desk') return json(response, 200, desk);
    if (kind === 'knowledge') return json(response, 200, { entries: known(url.searchParams.get('q') ?? '', Number(url.searchParams.get('limit') ?? 5)) });
    if (kind === 'events') return listEvents(this, request, response);
    if (kind === 'calls' && id === undefined) return this.list(response, url);
    if (kind === 'agents' && id === undefined) return json(response, 200, { agents: [...this.agents.values()] });
    if (kind === 'agents') return this.agentApi(request, response, id, part, body);
    const call = this.calls.get(id);
    if (kind !== 'calls' || !call?.head) return refuse(response, 404, 'not_found');
    if (part === undefined) return json(response, 200, { head: call.head, entries: call.entries });
    if (part === 'events') return callEvents(this, request, response, id);
    if (part === 'recording') return url.searchParams.has('from') ? this.stretch(response, call, url) : this.recording(request, response, call);
    if (part === 'notes') return this.notesApi(request, response, id, url, body);
    if (part === 'corrections') return this.correctionsApi(response, call, id, body);
    if (part === 'compliance') return this.privacy.compliance(response, call);
    if (part === 'hold') return this.privacy.hold(request, response, id, body);
    if (part === 'earlier') return this.earlier(response, call);
    if (part === 'answer') {
      if (!call.inquiry) return refuse(response, 409, 'not_asked');
      this.answers.push({ call: id, ...body });
      this.answered(call, body);
      return json(response, 202);
    }
    if (part === 'choice') {
      this.choices.push({ call: id, ...body });
      this.choose(call, body.choice, body.to);
      return json(response, 202);
    }
    if (part === 'supervision') {
      this.supervisions.push({ call: id, ...body });
      return json(response, 202);
    }
    this.end(call, 'contained');
    return json(response, 202);
  }

  claim(response, { code }) {
    if (this.claimWait > 0) {
      response.setHeader('retry-after', String(this.claimWait));
      return refuse(response, 429, 'try_later');
    }
    const call = this.calls.get(this.claims.get(code));
    if (!call) return refuse(response, 404, 'no_such_claim');
    this.claimed.push(code);
    const turns = call.entries.filter((one) => ['caller_turn', 'bot_turn'].includes(one.what));
    const said = turns.map((one) => ({ by: one.what === 'bot_turn' ? 'bot' : 'caller', text: one.text, at: one.from }));
    return json(response, 200, { call: call.head, summary, said });
  }

  list(response, url) {
    const state = url.searchParams.get('state');
    const before = url.searchParams.get('before');
    const heads = [...this.calls.values()]
      .flatMap((call) => call.head ?? [])
      .filter((head) => state === null || head.state === state)
      .sort((a, b) => b.started.localeCompare(a.started));
    const from = before === null ? 0 : heads.findIndex((head) => head.id === before) + 1;
    const to = from + Number(url.searchParams.get('limit') ?? 50);
    return json(response, 200, { calls: heads.slice(from, to), more: to < heads.length });
  }

  agentApi(request, response, id, part, body) {
    const agent = this.agents.get(id);
    if (!agent) return refuse(response, 404, 'not_found');
    if (part === 'state' && request.method === 'PUT') {
      agent.state = body.state;
      agent.reason = body.reason ?? null;
      if (body.phone) agent.browser = body.phone === 'browser';
      this.send((stream) => stream.agent === id, 'agent', agent, this.number);
      return json(response, 200, agent);
    }
    return agentEvents(this, request, response, agent);
  }

  open(response, about) {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 300\n\n');
    const stream = { response, ...about };
    this.streams.add(stream);
    response.on('close', () => this.streams.delete(stream));
  }

  figures() {
    const heads = [...this.calls.values()].flatMap((one) => one.head ?? []);
    const count = (fits) => heads.filter(fits).length;
    const times = heads.flatMap((head) => head.time_to_agent_ms ?? []).sort((a, b) => a - b);
    const reasons = new Map();
    for (const head of heads) if (head.reasons[0]) reasons.set(head.reasons[0], (reasons.get(head.reasons[0]) ?? 0) + 1);
    return {
      since: new Date(Date.now() - 8 * 3_600_000).toISOString(),
      service_level_s: this.serviceLevel ?? 20,
      queues: [{ queue: 'orders', percent: 80, within_s: 20, wanted: 9, answered: 7, in_time: 5, gave_up: 1, level: 62.5 }],
      figures: {
        calls: heads.length,
        contained: count((head) => head.outcome === 'contained'),
        escalated: count((head) => head.escalated),
        handed_over: times.length,
        in_time: times.filter((ms) => ms <= 20_000).length,
        callbacks: count((head) => head.handoff_outcome === 'callback'),
        gave_up: count((head) => head.handoff_outcome === 'caller_left'),
        median_to_agent_ms: times[Math.floor((times.length - 1) / 2)] ?? null,
        longest_to_agent_ms: times.at(-1) ?? null,
        asked_again: 3,
        asked_again_by: [{ agent: 'maria', flow: 'support.en', questions: 2, calls: 2 }, { agent: 'dan', flow: 'support.en', questions: 1, calls: 1 }],
        reasons: [...reasons].map(([reason, calls]) => ({ reason, calls })).sort((a, b) => b.calls - a.calls),
      },
    };
  }

  notesApi(request, response, id, url, body) {
    const agent = url.pathname.split('/')[6];
    if (request.method === 'PUT') this.notes.set(id, [{ agent, changed: new Date().toISOString(), disposition: null, ...body }]);
    const notes = this.notes.get(id) ?? [];
    return json(response, 200, request.method === 'PUT' ? notes[0] : { notes });
  }

  correctionsApi(response, call, id, body) {
    if (body === null) return json(response, 200, { corrections: this.corrections.filter((one) => one.call === id), more: false });
    const turn = call.entries.find((entry) => entry.seq === body.seq);
    const made = { id: `c-${this.corrections.length}`, call: id, created: new Date().toISOString(), heard: null, intent: null, said: turn.text, span: [turn.from, turn.to], note: null, state: 'proposed', ...body };
    this.corrections.unshift(made);
    return json(response, 201, made);
  }

  /** The real gateway looks at the number; here everybody has called before. */
  earlier(response, call) {
    const heads = [...this.calls.values()].flatMap((one) => one.head ?? []);
    const before = heads.filter((head) => head.caller === call.head.caller && head.started < call.head.started);
    return json(response, 200, { calls: before.sort((a, b) => b.started.localeCompare(a.started)).slice(0, 10), more: before.length > 10 });
  }

  /** As the gateway cuts it: there while the call goes on, too. */
  stretch(response, call, url) {
    const from = Number(url.searchParams.get('from'));
    const to = Math.min(Number(url.searchParams.get('to')), call.entries.at(-1)?.at ?? 0);
    if (!(from < to) || this.recordings === false) return refuse(response, 404, 'no_recording');
    const wav = cut(wavOf(call.entries), from, to);
    response.writeHead(200, { ...HEADERS, 'content-type': 'audio/wav', 'content-length': wav.length });
    response.end(wav);
  }

  recording(request, response, call) {
    if (!call.head.recording) return refuse(response, 404, 'no_recording');
    call.wav ??= wavOf(call.entries);
    const size = call.wav.length;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = range ? Number(range[1]) : 0;
    const to = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    response.writeHead(range ? 206 : 200, {
      ...HEADERS,
      'content-type': 'audio/wav',
      'accept-ranges': 'bytes',
      'content-length': to - from + 1,
      ...(range ? { 'content-range': `bytes ${from}-${to}/${size}` } : {}),
    });
    response.end(call.wav.subarray(from, to + 1));
  }
}

const desk = {
  away_reasons: ['break', 'lunch', 'meeting', 'training'],
  dispositions: ['solved', 'follow_up', 'callback', 'wrong_department', 'no_result'],
  service_level_s: 20,
  agents_see_supervision: true,
};

const shelf = [
  { key: 'returns', question: 'How do I send something back?', answer: 'Within 30 days, with the label from the parcel. We pay the postage.', words: ['back', 'return'] },
  { key: 'late', question: 'What if my order is late?', answer: 'After five working days we ask the carrier, and send it again if it is lost.', words: ['order', 'late', 'third'] },
  { key: 'delivery', question: 'How long does delivery take?', answer: 'Two to four working days within the country.', words: ['order', 'delivery', 'arrive'] },
  { key: 'hours', question: 'When are you open?', answer: 'Monday to Friday from eight to six, on Saturday from nine to one.', words: ['open', 'saturday'] },
];

/** The real gateway knows meanings; here it is words. */
function known(question, limit) {
  const score = (entry) => entry.words.filter((word) => question.toLowerCase().includes(word)).length / entry.words.length;
  const found = shelf.map((entry) => ({ key: entry.key, question: entry.question, answer: entry.answer, score: question === '' ? null : Math.min(0.96, score(entry)) }));
  return found.filter((entry) => entry.score !== 0).sort((a, b) => b.score - a.score).slice(0, limit);
}

/** A stretch of a recording as a file of its own: 32 bytes are a millisecond. */
function cut(wav, from, to) {
  const samples = wav.subarray(44 + Math.round(from) * 32, 44 + Math.round(to) * 32);
  const header = Buffer.from(wav.subarray(0, 44));
  header.writeUInt32LE(36 + samples.length, 4);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : JSON.parse(text);
}
