// Accounts for the scripted server, as far as the pages see them. The gateway's own are tested where they are.

import { json } from './answer.mjs';

export const PASSWORD = 'a horse and a battery';
export const LINK = 'f'.repeat(64);

const MAY = {
  agent: ['roster', 'own_desk', 'own_calls'],
  administrator: ['roster', 'own_desk', 'own_calls', 'all_calls', 'recordings', 'event_logs', 'any_desk', 'hang_up', 'supervise', 'tokens', 'accounts', 'audit', 'privacy', 'privacy_reports'],
};

/** Who there is, and who is signed in: one page at a time is enough here. */
export class People {
  constructor() {
    this.me = null;
    /** What the sign-in page of a demonstration says. */
    this.demo = null;
    this.linked = false;
    this.accounts = [account('ada', 'administrator', null), account('<b>maria</b>', 'agent', 'maria')];
    this.tokens = [];
    this.audit = audit();
  }

  /** Answers, or says that it is somebody else's matter. */
  serve(request, response, kind, id, part, body) {
    const session = { accounts: true, signed_in: this.me, ...(this.demo && { demo: this.demo }) };
    if (kind === 'session') return this.session(request, response, id, body, session);
    if (this.me === null) return json(response, 401, { error: { code: 'not_signed_in', message: 'Nobody.' } });
    if (kind === 'tokens') return this.tokensApi(request, response, id, body);
    if (kind === 'audit') return json(response, 200, { lines: this.audit, more: false });
    if (kind === 'accounts') return this.accountsApi(request, response, id, part, body);
    return false;
  }

  session(request, response, id, body, session) {
    if (request.method === 'GET') return json(response, 200, session);
    if (id === 'link') {
      if (this.linked || body.link !== LINK) return json(response, 410, { error: { code: 'link_gone', message: 'Gone.' } });
      if (request.method === 'POST') return json(response, 200, { name: 'ada' });
      this.linked = true;
      return this.enter(response, 'ada');
    }
    if (request.method === 'DELETE') {
      this.me = null;
      return json(response, 204);
    }
    if (body.password !== PASSWORD) return json(response, 401, { error: { code: 'wrong_password', message: 'Wrong.' } });
    return this.enter(response, body.name);
  }

  enter(response, name) {
    const { role, agent } = this.accounts.find((one) => one.name === name);
    this.me = { name, role, agent, permissions: MAY[role] };
    return json(response, 200, this.me);
  }

  accountsApi(request, response, id, part, body) {
    if (request.method === 'GET') return json(response, 200, { accounts: this.accounts });
    if (request.method === 'POST' && id === undefined) {
      const made = account(body.name, body.role, body.agent);
      this.accounts.push(made);
      return json(response, 201, { account: made, link: `http://here/welcome#${LINK}` });
    }
    const found = this.accounts.find((one) => one.id === id);
    if (request.method === 'PATCH') Object.assign(found, body);
    if (request.method === 'DELETE') {
      this.accounts = this.accounts.filter((one) => one !== found);
      return json(response, 204);
    }
    return part === 'link' ? json(response, 200, { link: `http://here/welcome#${LINK}` }) : json(response, 200, found);
  }

  tokensApi(request, response, id, body) {
    const now = new Date().toISOString();
    if (request.method === 'GET') return json(response, 200, { tokens: this.tokens });
    if (request.method === 'DELETE') this.tokens = this.tokens.filter((one) => one.id !== id);
    else this.tokens.push({ id: `t${this.tokens.length}`, label: body.label, scopes: body.scopes, created: now, expires: now, used: now });
    return json(response, 201, { secret: 'wl_secret' });
  }
}

/** The demonstration's own word on itself. */
export const DEMO = {
  password: PASSWORD,
  accounts: [
    { name: '<b>maria</b>', role: 'agent' },
    { name: 'ada', role: 'administrator' },
  ],
};

function account(name, role, agent) {
  const created = new Date().toISOString();
  return { id: `id-${name.replaceAll(/\W/g, '')}`, name, role, agent, locked: false, password: true, openid: false, created, signed_in: null, sessions: 0, tokens: 0 };
}

function audit() {
  const at = new Date().toISOString();
  const line = (seq, did, name, role, target) => ({ seq, at, did, name, role, target, source: '192.0.2.7' });
  return [
    line(4, 'saw_call', 'ada', 'administrator', 'demo'),
    line(3, 'sign_in_failed', '<img src=x onerror=alert(1)>', null, null),
    line(2, 'changed_account', 'ada', 'administrator', '<b>maria</b>: agent'),
    line(1, 'signed_in', 'ada', 'administrator', null),
  ];
}
