// Those who wait to be called, and messages that wait to be heard.

import { json, refuse } from './answer.mjs';

export class Waiting {
  constructor() {
    /** Callbacks that somebody has kept. */
    this.called = new Set();
    /** Messages that somebody has dealt with, by call. */
    this.heard = new Map();
  }

  /** `/api/v1/callbacks…`, `/api/v1/voicemails…` */
  serve(response, calls, kind, id, seq, body) {
    const heads = [...calls.values()].flatMap((one) => one.head ?? []);
    if (kind === 'callbacks') return body ? this.done(response, this.called, Number(id)) : json(response, 200, { callbacks: this.callbacks(heads) });
    const messages = [...calls.values()].flatMap((call) => messagesOf(call));
    if (body === null) return json(response, 200, { voicemails: messages.filter((one) => !this.heard.has(one.call.id)) });
    if (!messages.some((one) => one.call.id === id && one.seq === Number(seq))) return refuse(response, 404, 'no_such_voicemail');
    this.heard.set(id, body.state);
    return json(response, 204);
  }

  done(response, list, id) {
    list.add(id);
    return json(response, 204);
  }

  /** Calls that ended with the promise are those who wait, until somebody has called them. */
  callbacks(heads) {
    const promised = heads.filter((head) => head.handoff_outcome === 'callback');
    const callbacks = promised.map((call, index) => {
      const since = new Date(Date.parse(call.started) + 40_000).toISOString();
      return { id: index + 1, call, number: call.caller, since, promised: since, due: since, tries: index, state: 'waiting', last_call: null };
    });
    return callbacks.filter((one) => !this.called.has(one.id));
  }
}

function messagesOf({ head, entries }) {
  return entries
    .filter((entry) => entry.step?.step === 'voicemail')
    .map(({ seq, at, step: { from, to } }) => ({ seq, call: head, from, to, left: new Date(Date.parse(head.started) + at).toISOString(), done: null }));
}
