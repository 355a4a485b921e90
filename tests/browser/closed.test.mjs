// Agents whose telephone is their page lose it: while it rings, in the briefing, after the bridge. Real Chromium, whose pages are killed without a word, real gateway.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, PATIENCE_MS, heardSoFar, hears, kill, microphone, speaking, start, tapped } from './phones.mjs';
import { ON_CUE, saysAfterTheGreeting } from './sounds.mjs';
import { until } from './support.mjs';

const WISH = 'I want to talk to a person, please.';
const AGENTS = ['Maria', 'Dan', 'Eva'];
/** The gateway's: no other file's, so that two of them can run at the same time. */
const SOUND = [23_200, 23_399];

test('an agent’s page that is killed', { skip: BIN ? false : 'set WARMLINE_BIN' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-closed-'));
  const open = [];
  t.after(async () => {
    for (const one of open.reverse()) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  await microphone(join(folder, 'silence.wav'), [600]);
  const queues = 'queues: [orders, general, accounts, complaints]';
  const world = await start(folder, SOUND, {}, AGENTS.map((name) => `${name.toLowerCase()}: {name: ${name}, target: browser, ${queues}}`));
  open.push(world);
  const desks = await speaking(join(folder, 'silence.wav'));
  open.push(desks);
  const caller = await speaking(join(folder, 'silence.wav'));
  open.push(caller);
  const pages = new Map();
  for (const name of AGENTS.map((one) => one.toLowerCase())) {
    const page = await desks.context.newPage();
    await page.goto(`${world.url}/agent/${name}`);
    await page.getByText('You are available').waitFor();
    pages.set(name, page);
  }
  const callerPage = await tapped(caller, world.url, ON_CUE);
  const api = async (path) => (await fetch(`${world.url}/api/v1${path}`)).json();
  let id;
  const steps = async () => (await api(`/calls/${id}`)).entries.filter(({ what }) => what === 'handoff').map(({ at, step }) => ({ at, ...step }));
  const offered = async () => (await steps()).filter(({ step }) => step === 'offered').map(({ agent }) => agent);
  const outcome = (agent, word) =>
    until(`${agent}: ${word}`, async () => (await steps()).find((one) => one.step === 'offer_ended' && one.agent === agent && one.outcome === word), PATIENCE_MS);

  /** Whoever is offered the call now, who has not had it yet. */
  const next = async (before) => {
    const agent = await until('somebody is offered the call', async () => (await offered()).find((one) => !before.includes(one)), PATIENCE_MS);
    const page = pages.get(agent);
    await page.waitForSelector('[data-step=ringing]', { timeout: PATIENCE_MS });
    return { agent, page };
  };
  const picksUp = async (page) => {
    await page.keyboard.press('a');
    await page.waitForSelector('[data-step=briefing]', { timeout: 30_000 });
  };
  /** Says how long it took until the gateway wrote that down. */
  const noticed = async (t, killed, at) => t.diagnostic(`page killed to it being noticed: ${Date.parse((await api(`/calls/${id}`)).head.started) + at - killed} ms`);
  // A recogniser takes longer than a telephone rings: what the caller has heard is asked for when no desk rings any more.
  const marks = [];
  const callerHears = (from, pattern) => hears(callerPage, folder, from, pattern);

  await callerPage.goto(`${world.url}/call`);
  await callerPage.click('text=Call now');
  await callerPage.waitForSelector('[data-state=talking]', { timeout: 30_000 });
  ({ id } = await until('the call is listed', async () => (await api('/calls?state=live')).calls[0]));
  const had = [];
  await saysAfterTheGreeting(callerPage, folder, WISH);

  await t.test('while it rings: the next agent is asked at once', async (t) => {
    const { agent, page } = await next(had);
    marks.push(await heardSoFar(callerPage));
    had.push(agent);
    const killed = await kill(page);
    await noticed(t, killed, (await outcome(agent, 'unreachable')).at);
  });

  await t.test('in the briefing: the one after that', async (t) => {
    const { agent, page } = await next(had);
    had.push(agent);
    await picksUp(page);
    const killed = await kill(page);
    await noticed(t, killed, (await outcome(agent, 'left_in_briefing')).at);
  });

  await t.test('after the bridge: the caller is told, and not left alone', async (t) => {
    const { agent, page } = await next(had);
    // Whoever picks up cuts the announcement short: the caller is let hear it first.
    await until('the caller is told who is asked next', async () => {
      const { entries } = await api(`/calls/${id}`);
      return entries.some(({ what, heard }) => what === 'bot_turn' && heard.includes('next colleague'));
    }, PATIENCE_MS);
    await picksUp(page);
    await page.keyboard.press('a');
    await page.waitForSelector('[data-step=bridged]', { timeout: 60_000 });
    marks.push(await heardSoFar(callerPage));
    const killed = await kill(page);
    const { entries } = await until('the caller is with nobody', async () => {
      const call = await api(`/calls/${id}`);
      return call.head.state === 'live' && call.head.owner.who === 'queue' && call;
    });
    await noticed(t, killed, entries.findLast(({ what, owner }) => what === 'owner' && owner.who === 'queue').at);
    await callerHears(marks[1], /lost the connection|stay on the line/);
    await callerHears(marks[0], /next colleague|asking/);
    assert.equal((await offered()).filter((one) => one === agent).length, 1, 'who was lost is not asked again');
  });

  await t.test('with nobody left the flow’s own ending is reached', async () => {
    await callerHears(marks[1], /call you back|which number|nobody/);
    await callerPage.click('text=Hang up');
    const head = await until('the call is over', async () => {
      const call = await api(`/calls/${id}`);
      return call.head.state === 'ended' && call.head;
    }, 30_000);
    assert.ok(['caller_left', 'nobody_came'].includes(head.handoff_outcome), head.handoff_outcome);
    const { agents } = await api('/agents');
    assert.deepEqual(agents.filter(({ calls }) => calls.length > 0), [], 'nobody is kept for a call that is over');
  });
});
