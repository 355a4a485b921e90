// Calls from a page and calls taken on a page: real Chromium, real microphone files, real gateway with real models.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, PATIENCE_MS, RATE, heardSoFar, microphone, speaking, start, tapped, words } from './phones.mjs';
import { assertClean, until } from './support.mjs';

const WISH = 'I would like to talk to a human please.';
const HELLO = 'Hello, this is Maria speaking, how can I help you with the parcel?';

test('browsers call and are called', { skip: BIN ? false : 'set WARMLINE_BIN' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-phone-'));
  // A company's own site, which carries the call button.
  const site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Shop</title><h1>Shop</h1><script src="${world?.url}/widget.js" data-to="support"></script>`);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const shop = `http://127.0.0.1:${site.address().port}`;
  let world;
  let caller;
  let agent;
  t.before(async () => {
    await microphone(join(folder, 'caller.wav'), [9, WISH, 60]);
    await microphone(join(folder, 'agent.wav'), [12, ...Array.from({ length: 10 }, () => [HELLO, 1]).flat(), 60]);
    world = await start(folder, { widget_origins: [shop] });
  });
  t.after(async () => {
    await caller?.close();
    await agent?.close();
    await world?.close();
    site.close();
    await process.env.KEEP ? undefined : rm(folder, { recursive: true, force: true });
  });
  const api = async (path) => (await fetch(`${world.url}/api/v1${path}`)).json();
  let id;
  let callerPage;
  let agentPage;

  await t.test('a caller calls from a page and is heard and answered', async () => {
    caller = await speaking(join(folder, 'caller.wav'));
    callerPage = await tapped(caller, world.url);
    await callerPage.goto(`${world.url}/call`);
    await callerPage.fill('input', 'Ana');
    await callerPage.click('text=Call now');
    await callerPage.waitForSelector('[data-state=talking]', { timeout: 30_000 });
    id = (await until('the call is listed', async () => (await api('/calls?state=live')).calls[0])).id;
    await until('the bot is heard', async () => (await heardSoFar(callerPage)) > 4 * RATE, PATIENCE_MS);
    await until('the greeting is heard', async () => /help|assistant|calling/.test(await words(callerPage, folder, 0)), PATIENCE_MS);
    const said = () => api(`/calls/${id}`).then(({ entries }) => JSON.stringify(entries));
    await callerPage.click('text=Keypad');
    await callerPage.click('[role=group] >> text="7"');
    await until('the key is counted', async () => (await api(`/calls/${id}`)).entries.some(({ what, digit }) => what === 'key' && digit === '7'), 10_000);
    await callerPage.click('text=Mute');
    await callerPage.click('text=Unmute');
    await until('the wish is understood', async () => /human/i.test(await said()), PATIENCE_MS);
  });

  await t.test('an agent takes the call on a page, hears the summary, and both are bridged', async () => {
    agent = await speaking(join(folder, 'agent.wav'));
    agentPage = await tapped(agent, world.url);
    await agentPage.goto(`${world.url}/agent/maria`);
    await agentPage.waitForSelector('[data-step=ringing]', { timeout: PATIENCE_MS });
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=briefing]', { timeout: 30_000 });
    await until('the briefing is heard', async () => (await heardSoFar(agentPage)) > 3 * RATE, PATIENCE_MS);
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=bridged]', { timeout: 60_000 });
    const mark = await heardSoFar(callerPage);
    // A recogniser takes a second or two each time: asking again is not busy waiting.
    await until('the caller hears the agent’s words', async () => /speaking|parcel/.test(await words(callerPage, folder, mark)), 60_000);
  });

  await t.test('the call survives another network (ICE restart)', async () => {
    const mark = await heardSoFar(callerPage);
    await callerPage.evaluate(() => dispatchEvent(new Event('online')));
    await until('the page has new names', () =>
      callerPage.evaluate(async () => {
        const [peer] = window.__peers;
        const first = /ice-ufrag:(\S+)/.exec(window.__first ?? '')?.[1];
        window.__first ??= peer.remoteDescription.sdp;
        return first !== undefined && peer.signalingState === 'stable' && peer.iceConnectionState !== 'failed';
      }),
    );
    await until('sound goes on', async () => (await heardSoFar(callerPage)) > mark + 2 * RATE);
    assert.equal((await api(`/calls/${id}`)).head.state, 'live');
  });

  await t.test('a page that is closed has hung up', async () => {
    await callerPage.close();
    await until('the call is over', async () => (await api(`/calls/${id}`)).head.state === 'ended', 10_000);
    await agentPage.waitForSelector('text=The call has ended', { timeout: 10_000 }).catch(() => undefined);
    // The test's own tap is old-fashioned, so that the pages' policy need not allow a worklet.
    agentPage.seen.console = agentPage.seen.console.filter((line) => !line.includes('ScriptProcessorNode'));
    assertClean(agentPage);
  });

  await t.test('another site’s button calls; a site that is not listed cannot', async () => {
    const page = await tapped(caller, shop);
    await page.goto(shop);
    await page.locator('warmline-call button').click();
    await page.waitForSelector('warmline-call[data-state=talking]', { timeout: 30_000, state: 'attached' });
    await page.locator('warmline-call .end').click();
    await page.waitForSelector('warmline-call[data-state=ended]', { state: 'attached' });
    const foreign = await fetch(`${world.url}/api/v1/web-calls/token`, { method: 'POST', headers: { origin: 'http://evil.example' } });
    assert.equal(foreign.status, 403);
    const tokenless = await fetch(`${world.url}/api/v1/web-calls`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: 'support', sdp: 'v=0' }),
    });
    assert.equal(tokenless.status, 401);
    const { token } = await (await fetch(`${world.url}/api/v1/web-calls/token`, { method: 'POST' })).json();
    for (const [sdp, status] of [['', 400], ['v=0\r\nm=video 9 RTP/AVP 96\r\n', 406], ['v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n', 406]]) {
      const answer = await fetch(`${world.url}/api/v1/web-calls`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ to: 'support', sdp }),
      });
      assert.equal(answer.status, status, sdp);
    }
  });
});
