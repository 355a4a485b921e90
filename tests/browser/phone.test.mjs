// Calls from a page and calls taken on a page: real Chromium, real microphone files, real gateway with real models.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findings } from './looks.mjs';
import { BIN, PATIENCE_MS, RATE, heardSoFar, hears, kill, microphone, speaking, start, tapped } from './phones.mjs';
import { AGENTS_HUM, CALLERS_HUM, ON_CUE, SUPERVISORS_HUM, beginsAt, comes, heard, hearEachOther, hum, humToItsEnd, say, saysAfterTheGreeting } from './sounds.mjs';
import { assertClean, until } from './support.mjs';

const WISH = 'I want to talk to a person, please.';
const GREETING = /help|assistant|calling/;
const HELLO = 'Hello, this is Maria speaking, how can I help you with the parcel?';
/** The gateway's: no other file's, so that two of them can run at the same time. */
const SOUND = [23_600, 23_799];
/** The name of a button that has one name more. */
const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Which microphone and which loudspeaker the page asks its browser for. */
const DEVICES = `
  window.__asked = { microphones: [], loudspeakers: [] };
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wanted) => {
    window.__asked.microphones.push(wanted.audio.deviceId?.exact ?? null);
    return ask(wanted);
  };
  const route = HTMLMediaElement.prototype.setSinkId;
  HTMLMediaElement.prototype.setSinkId = async function (id) {
    await route.call(this, id);
    window.__asked.loudspeakers.push(this.sinkId);
  };
`;

/** A browser that knows G.711 and no other codec. */
const PCMU_ALONE = `
  const offer = RTCPeerConnection.prototype.createOffer;
  RTCPeerConnection.prototype.createOffer = function (...all) {
    const known = RTCRtpReceiver.getCapabilities('audio').codecs.filter(({ mimeType }) => ['audio/PCMU', 'audio/telephone-event'].includes(mimeType));
    for (const one of this.getTransceivers()) one.setCodecPreferences(known);
    return offer.apply(this, all);
  };
`;

/** The names of both sides' ICE sessions, and the one under which the pair in use sends its checks. */
const iceNames = (page) =>
  page.evaluate(async () => {
    const peer = window.__peers.at(-1);
    const name = ({ sdp }) => /ice-ufrag:(\S+)/.exec(sdp)[1];
    const stats = await peer.getStats();
    const transport = [...stats.values()].find(({ type }) => type === 'transport');
    const pair = stats.get(transport.selectedCandidatePairId);
    return { ours: name(peer.currentLocalDescription), theirs: name(peer.currentRemoteDescription), inUse: stats.get(pair.localCandidateId).usernameFragment };
  });

test('browsers call and are called', { skip: BIN ? false : 'set WARMLINE_BIN' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-phone-'));
  // A company's own site, which carries the call button.
  const site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main><script src="${world?.url}/widget.js" data-to="support"></script>`);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const shop = `http://127.0.0.1:${site.address().port}`;
  // A STUN server that says nothing: how often it was asked where somebody is (RFC 8489 §5).
  let asked = 0;
  const stun = createSocket('udp4', (request) => {
    asked += Number(request.length >= 20 && request.readUInt16BE(0) === 1 && request.readUInt32BE(4) === 0x2112a442);
  });
  stun.bind(0, '127.0.0.1');
  await once(stun, 'listening');
  let world;
  let caller;
  let agent;
  t.before(async () => {
    await microphone(join(folder, 'silence.wav'), [600]);
    world = await start(folder, SOUND, { widget_origins: [shop], ice_servers: [{ urls: [`stun:127.0.0.1:${stun.address().port}`] }] });
  });
  t.after(async () => {
    await caller?.close();
    await agent?.close();
    await world?.close();
    site.close();
    stun.close();
    await process.env.KEEP ? undefined : rm(folder, { recursive: true, force: true });
  });
  const api = async (path) => (await fetch(`${world.url}/api/v1${path}`)).json();
  let id;
  let callerPage;
  let agentPage;

  await t.test('a caller calls from a page and is heard and answered', async () => {
    agent = await speaking(join(folder, 'silence.wav'));
    agentPage = await tapped(agent, world.url, ON_CUE);
    await agentPage.goto(`${world.url}/agent/maria`);
    await agentPage.getByText('You are available').waitFor();
    caller = await speaking(join(folder, 'silence.wav'));
    callerPage = await tapped(caller, world.url, DEVICES + ON_CUE);
    await callerPage.goto(`${world.url}/call`);
    await callerPage.fill('input', 'Ana');
    await callerPage.click('text=Call now');
    await callerPage.waitForSelector('[data-state=talking]', { timeout: 30_000 });
    await until('the page asks the STUN server of the configuration', () => asked > 0);
    id = (await until('the call is listed', async () => (await api('/calls?state=live')).calls[0])).id;
    await hears(callerPage, folder, 0, GREETING);
    const said = () => api(`/calls/${id}`).then(({ entries }) => JSON.stringify(entries));
    await callerPage.click('text=Keypad');
    await callerPage.click('[role=group] >> text="7"');
    await until('the key is counted', async () => (await api(`/calls/${id}`)).entries.some(({ what, digit }) => what === 'key' && digit === '7'), 10_000);
    assert.deepEqual(await findings(callerPage, 'talking, with the keypad'), []);
    await saysAfterTheGreeting(callerPage, folder, WISH);
    await until('the wish is understood', async () => /human/i.test(await said()), PATIENCE_MS);
  });

  await t.test('an agent takes the call on a page, hears the summary, and both are bridged', async () => {
    await agentPage.waitForSelector('[data-step=ringing]', { timeout: PATIENCE_MS });
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=briefing]', { timeout: 30_000 });
    await until('the briefing is heard', async () => (await heardSoFar(agentPage)) > 3 * RATE, PATIENCE_MS);
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=bridged]', { timeout: 60_000 });
    const mark = await heardSoFar(callerPage);
    await say(agentPage, folder, HELLO);
    await hears(callerPage, folder, mark, /speaking|parcel/, 60_000);
  });

  const over = (call) =>
    until('the call is over', async () => {
      const seen = await api(`/calls/${call}`);
      return seen.head.state === 'ended' && seen;
    }, 10_000);
  const both = () => [{ page: callerPage, hertz: CALLERS_HUM }, { page: agentPage, hertz: AGENTS_HUM }];
  const hearEach = (what) => hearEachOther(what, both(), [[AGENTS_HUM], [CALLERS_HUM]]);

  await t.test('muted is silent, and unmuted is heard again', async () => {
    await hearEach('they hear each other');
    const mark = await heardSoFar(agentPage);
    await button(callerPage, 'Mute').click();
    await humToItsEnd(callerPage, CALLERS_HUM);
    await button(callerPage, 'Unmute').click();
    await hum(callerPage, SUPERVISORS_HUM, 2_000);
    const back = await comes(agentPage, SUPERVISORS_HUM, mark, 10_000);
    assert.equal(beginsAt(await heard(agentPage, mark, back), CALLERS_HUM), null, 'what was hummed before that was not heard');
    await hearEach('as before');
  });

  await t.test('the meters show who speaks', async () => {
    const level = (name) => callerPage.getByLabel(name).evaluate((meter) => meter.value);
    const shows = (name, there) => until(`${name}: ${there}`, async () => (await level(name)) > 0.5 === there);
    await shows('You', false);
    await hum(callerPage, CALLERS_HUM, 3_000);
    await shows('You', true);
    await shows('You', false);
    await hum(agentPage, AGENTS_HUM, 3_000);
    await shows('The other side', true);
    assert.ok((await level('You')) < 0.5, 'the other side is not one’s own');
    await shows('The other side', false);
  });

  await t.test('another microphone and another loudspeaker are taken in the middle of the call', async () => {
    const choose = async (label) => {
      const list = callerPage.getByLabel(label);
      const ids = await list.locator('option').evaluateAll((options) => options.map(({ value }) => value));
      await list.selectOption(ids.at(-1));
      return ids.at(-1);
    };
    await button(callerPage, 'Mute').click();
    const microphone = await choose('Microphone');
    const track = () => callerPage.evaluate(() => window.__peers.at(-1).getSenders()[0].track.enabled);
    await until('the page has asked for it', () => callerPage.evaluate((id) => window.__asked.microphones.at(-1) === id, microphone));
    assert.equal(await track(), false, 'whoever was muted is muted');
    await button(callerPage, 'Unmute').click();
    await hearEach('the new microphone is heard');
    const loudspeaker = await choose('Loudspeaker');
    await until('the sound goes there', () => callerPage.evaluate((id) => window.__asked.loudspeakers.at(-1) === id, loudspeaker));
  });

  await t.test('the call survives another network (ICE restart)', async () => {
    const before = await iceNames(callerPage);
    assert.equal(before.inUse, before.ours);
    await callerPage.evaluate(() => dispatchEvent(new Event('online')));
    const after = await until('both sides have new names, and the checks go out under ours', async () => {
      const names = await iceNames(callerPage);
      return names.ours !== before.ours && names.theirs !== before.theirs && names.inUse === names.ours && names;
    });
    assert.notEqual(after.inUse, before.inUse);
    await hearEach('sound goes on both ways');
    assert.equal((await api(`/calls/${id}`)).head.state, 'live');
  });

  await t.test('a page that is closed has hung up', async () => {
    await callerPage.close();
    await over(id);
    await agentPage.waitForSelector('[data-step=ended]', { timeout: 10_000 });
    // The test's own tap is old-fashioned, so that the pages' policy need not allow a worklet.
    agentPage.seen.console = agentPage.seen.console.filter((line) => !line.includes('ScriptProcessorNode'));
    assertClean(agentPage);
    await agentPage.close();
  });

  await t.test('a page that knows nothing but PCMU is heard and answered, and is missed as soon as it is gone', async () => {
    const page = await tapped(caller, world.url, PCMU_ALONE + ON_CUE);
    await page.goto(`${world.url}/call`);
    await button(page, 'Call now').click();
    await page.waitForSelector('[data-state=talking]', { timeout: 30_000 });
    const call = await until('the call is listed', async () => (await api('/calls?state=live')).calls[0]);
    await hears(page, folder, 0, GREETING);
    const codecs = await page.evaluate(async () => {
      const stats = [...(await window.__peers.at(-1).getStats()).values()];
      return stats.filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp').map(({ codecId }) => stats.find(({ id }) => id === codecId).mimeType);
    });
    assert.deepEqual(codecs, ['audio/PCMU', 'audio/PCMU']);
    await button(page, 'Keypad').click();
    await page.getByRole('group').getByRole('button', { name: '5' }).click();
    await until('the key is counted', async () => (await api(`/calls/${call.id}`)).entries.some(({ what, digit }) => what === 'key' && digit === '5'), 10_000);
    await saysAfterTheGreeting(page, folder, WISH);
    await until('the wish is understood', async () => /human/i.test(JSON.stringify((await api(`/calls/${call.id}`)).entries)), PATIENCE_MS);
    const killed = await kill(page);
    const { head, entries } = await over(call.id);
    t.diagnostic(`caller’s page killed to the call’s end: ${Date.parse(head.started) + entries.find(({ what }) => what === 'ended').at - killed} ms`);
    await page.close();
  });

  await t.test('another site’s button calls; a site that is not listed cannot', async () => {
    const page = await tapped(caller, shop);
    await page.goto(shop);
    await page.locator('warmline-call button').click();
    await page.waitForSelector('warmline-call[data-state=talking]', { timeout: 30_000, state: 'attached' });
    assert.deepEqual(await findings(page, 'the button, talking'), []);
    await page.locator('warmline-call .mute').press('Enter');
    await page.locator('warmline-call .mute').filter({ hasText: 'Unmute' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.className), 'mute', 'the focus stays where it was');
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
