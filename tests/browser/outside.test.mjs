// What an agent's page has to do with the world outside: they sign in at an OpenID Connect provider (oidc-provider), another system's page opens with the card, a
// number outside (SIPp) joins the call, and the session ends under it. Real Chromium, real gateway.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { BIN, PATIENCE_MS, freePort, microphone, speaking, start, tapped } from './phones.mjs';
import { AGENTS_HUM, CALLERS_HUM, ON_CUE, hearEachOther, inTurn, saysUntil } from './sounds.mjs';
import { until } from './support.mjs';

const WISH = 'I want to talk to a person, please.';
const NUMBER = '0212000000';
const SECRET = 'a secret of the two';
/** The gateway's: no other file's, so that two of them can run at the same time. */
const SOUND = [23_800, 23_899];

const missing = [[BIN, 'set WARMLINE_BIN'], [existsSync('/usr/bin/sipp'), 'install sip-tester']].find(([there]) => !there);
test('an agent’s page and the world outside', { skip: missing?.[1] ?? false }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-outside-'));
  const open = [];
  t.after(async () => {
    for (const one of open.reverse()) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  await microphone(join(folder, 'silence.wav'), [600]);
  const child = (program, args) => {
    const one = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    open.push({ close: () => one.kill('SIGKILL') });
    return one;
  };
  /** Which pages of the other system were asked for. */
  const asked = [];
  const crm = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Customer</title><h1>Customer</h1>');
  }).listen(0, '127.0.0.1');
  await once(crm, 'listening');
  open.push({ close: () => crm.close() });

  // The telephone of the number: it answers, and gives back what it hears.
  const [number, sound] = [await freePort(), await freePort()];
  child('sipp', ['-sn', 'uas', '-i', '127.0.0.1', '-p', `${number}`, '-mi', '127.0.0.1', '-mp', `${sound - (sound % 2)}`, '-rtp_echo', '-nostdin']).stdout.resume();

  let issuer;
  const sections = async (url) => {
    const provider = child('node', [join(import.meta.dirname, 'openid.mjs'), `${url}/api/v1/session/openid/back`]);
    for await (const line of createInterface({ input: provider.stdout })) {
      issuer = line;
      if (line.startsWith('http')) break;
    }
    provider.stdout.resume();
    const openid = { issuer, client_id: 'warmline', key: SECRET, label: 'Company', roles: { desk: 'agent' }, agent_claim: 'desk' };
    return { accounts: { openid }, trunks: { isp: { peers: [`127.0.0.1:${number}`] } } };
  };
  const pop = `http://127.0.0.1:${crm.address().port}/customer?call={{ call_id }}&queue={{ queue }}`;
  const maria = `maria: {name: Maria, target: browser, queues: [orders, general, accounts, complaints], screen_pop: "${pop}", may_call: {numbers: ["0212*"], via: isp}}`;
  const world = await start(folder, SOUND, { accounts: true }, [maria], '127.0.0.1', sections);
  open.push(world);
  await fetch(`${issuer}/person`, { method: 'POST', body: JSON.stringify({ id: 'm-1', preferred_username: 'maria.pop', groups: ['desk'], desk: 'maria' }) });

  let [agent, agentPage, callerPage, id] = [];
  const steps = async () => (await (await agentPage.request.get(`${world.url}/api/v1/calls/${id}`)).json()).entries.filter(({ what }) => what === 'handoff').map(({ step }) => step);
  const two = () => [{ page: callerPage, hertz: CALLERS_HUM }, { page: agentPage, hertz: AGENTS_HUM }];

  await t.test('the agent signs in at the provider', async () => {
    agent = await speaking(join(folder, 'silence.wav'));
    open.push(agent);
    agentPage = await tapped(agent, world.url, ON_CUE);
    await agentPage.goto(`${world.url}/agent/maria`);
    await agentPage.getByRole('link', { name: 'Sign in with Company' }).click();
    await agentPage.getByLabel('Your account: maria.pop').waitFor({ timeout: 30_000 });
    await agentPage.goto(`${world.url}/agent/maria`);
    await agentPage.getByText('You are available').waitFor();
  });

  await t.test('the other system’s page opens when the card appears, and from the card', async () => {
    const caller = await speaking(join(folder, 'silence.wav'));
    open.push(caller);
    callerPage = await tapped(caller, world.url, ON_CUE);
    await callerPage.goto(`${world.url}/call/support`);
    await callerPage.getByRole('button', { name: 'Call now' }).click();
    await saysUntil(callerPage, folder, WISH, () => agentPage.locator('article [data-step=ringing]').count());
    await until('it was opened by itself', () => asked.length > 0, 30_000);
    const opened = agent.context.waitForEvent('page');
    await agentPage.locator('a.pop').click();
    const page = await opened;
    await page.waitForSelector('h1:text("Customer")');
    const address = new URL(page.url());
    id = address.searchParams.get('call');
    assert.ok((await steps()).some(({ step }) => step === 'ringing'), 'it is this call');
    assert.deepEqual([address.pathname, address.searchParams.get('queue')], ['/customer', 'general']);
    assert.equal(await page.evaluate(() => window.opener), null);
    assert.ok(asked.filter((one) => one.startsWith('/customer')).every((one) => one === `${address.pathname}${address.search}`), `${asked}`);
    for (const other of agent.context.pages()) if (other.url().includes('/customer')) await other.close();
    await agentPage.bringToFront();
  });

  await t.test('the agent takes the call, and adds a number outside: all three hear each other', async () => {
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=briefing]', { timeout: 30_000 });
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=bridged]', { timeout: 30_000 });
    await hearEachOther('bridged', two(), [[AGENTS_HUM], [CALLERS_HUM]]);
    const add = async (dialled) => {
      await agentPage.keyboard.press('p');
      await agentPage.getByLabel('Number', { exact: true }).fill(dialled);
      await agentPage.getByRole('button', { name: 'Ring and add' }).click();
    };
    await add('0900123456');
    await agentPage.getByText('You may not call this number.').waitFor();
    await agentPage.keyboard.press('Escape');
    await add(NUMBER);
    await agentPage.getByText(`All hear each other: you, the caller and`).waitFor({ timeout: PATIENCE_MS });
    // Whoever hums hears it come back from there, which nothing else does. One after the other: two hums at the same time would hide each other.
    let came;
    const echoed = async () => {
      came = await inTurn(two());
      return two().every(({ hertz }, index) => came[index].includes(hertz));
    };
    await until('each hears their hum come back', echoed, 60_000).catch((error) => assert.fail(`${error.message}: they heard ${JSON.stringify(came)}`));
    await agentPage.getByRole('button', { name: 'Let them go' }).click();
    await agentPage.getByText('All hear each other').waitFor({ state: 'detached', timeout: 30_000 });
    await hearEachOther('without them', two(), [[AGENTS_HUM], [CALLERS_HUM]]);
    assert.ok((await steps()).some(({ third }) => third !== undefined), 'it is on record');
  });

  await t.test('the session ends under the call, and the agent signs in at the provider beside it', async () => {
    const ended = await agentPage.request.delete(`${world.url}/api/v1/session/all`, { headers: { origin: world.url } });
    assert.equal(ended.status(), 204);
    await agentPage.getByText('Your session is over. The caller is still on the line').waitFor({ timeout: 30_000 });
    await hearEachOther('while nobody is signed in', two(), [[AGENTS_HUM], [CALLERS_HUM]]);
    const opened = agent.context.waitForEvent('page');
    await agentPage.getByRole('link', { name: 'Sign in with Company' }).click();
    const tab = await opened;
    await tab.getByLabel('Your account: maria.pop').waitFor({ timeout: 30_000 });
    await tab.close();
    await agentPage.bringToFront();
    await agentPage.getByText('Your session is over').waitFor({ state: 'detached', timeout: 30_000 });
    await agentPage.keyboard.press('o');
    await agentPage.getByText('The caller is on hold').waitFor({ timeout: 30_000 });
    await agentPage.keyboard.press('o');
    await agentPage.getByText('The caller is on hold').waitFor({ state: 'detached' });
    await hearEachOther('signed in again', two(), [[AGENTS_HUM], [CALLERS_HUM]]);
    assert.equal((await steps()).filter(({ step }) => step === 'bridged').length, 1, 'it is the same conversation');
  });
});
