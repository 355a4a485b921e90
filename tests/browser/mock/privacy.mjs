// Privacy for the scripted server, as far as the pages see it.

import { json } from './answer.mjs';

const DAY_MS = 86_400_000;
const RETENTION = { recordings: 90, transcripts: 365, facts: 365, notes: null, corrections: null, calls: null };

/** Receipts and holds. */
export class Privacy {
  constructor() {
    this.receipts = [receipt(Date.now() - 3 * DAY_MS, 'ada', 1)];
    this.holds = new Map();
    this.asked = [];
  }

  /** `/api/v1/privacy…` */
  serve(response, calls, id, part, body) {
    if (id === undefined) return json(response, 200, { redact: ['cards', 'passwords', 'staff_number'], recordings: true, retention: RETENTION, audit_days: 365 });
    if (id === 'receipts' && part === undefined) return json(response, 200, { receipts: this.receipts });
    if (id === 'receipts') return json(response, 200, this.receipts.find((one) => one.id === part));
    this.asked.push([id, body.number]);
    if (body.number.length < 3) return json(response, 400, { error: { code: 'bad_request', message: 'No number.' } });
    const heads = [...calls.values()].flatMap((call) => call.head ?? []).filter((head) => head.caller === body.number.replaceAll(' ', ''));
    if (id === 'find') return json(response, 200, { spellings: [body.number], calls: heads, held: heads.map((head) => head.id).filter((one) => this.holds.has(one)) });
    if (id === 'export') {
      response.writeHead(200, { 'content-type': 'application/zip' });
      return response.end('PK');
    }
    if (heads.some((head) => head.state === 'live')) return json(response, 409, { error: { code: 'call_live', message: 'Live.' } });
    const gone = heads.filter((head) => !this.holds.has(head.id));
    for (const head of gone) calls.delete(head.id);
    const made = receipt(Date.now(), 'ada', gone.length, heads.length - gone.length);
    this.receipts.unshift(made);
    return json(response, 200, made);
  }

  /** `/api/v1/calls/{id}/compliance` */
  compliance(response, call) {
    const until = (days) => (days === null ? null : new Date(Date.parse(call.head.started) + days * DAY_MS).toISOString());
    const notices = call.entries.filter((entry) => entry.what === 'notice').map((entry) => [entry.notice, entry.at]);
    return json(response, 200, {
      notices: Object.fromEntries(notices),
      consents: [{ to: 'recording', asked: 6_500, answered: 9_100, given: true }],
      redacted: { cards: 1, staff_number: 2 },
      private_stretches: 1,
      recording: call.head.recording,
      kept_until: Object.fromEntries(Object.entries(RETENTION).map(([kind, days]) => [kind, until(days)])),
      deleted: {},
      hold: this.holds.get(call.head.id) ?? null,
      seen: [{ at: new Date().toISOString(), did: 'saw_call', name: '<img src=x onerror=alert(1)>', role: 'administrator' }],
    });
  }

  hold(request, response, id, body) {
    if (request.method === 'DELETE') {
      this.holds.delete(id);
      return json(response, 204);
    }
    const hold = { call: id, placed: new Date().toISOString(), by: 'ada', why: body.why };
    this.holds.set(id, hold);
    return json(response, 200, hold);
  }
}

function receipt(at, by, calls, kept = 0) {
  const id = `${at.toString(16).padStart(12, '0')}-0123456789ab`;
  return { id, at: new Date(at).toISOString(), by, erased: { calls, recordings: calls, event_logs: calls, entries: 42 * calls, turns: 12 * calls }, kept, digest: 'e3'.repeat(32) };
}
