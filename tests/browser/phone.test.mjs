// Calls from a page and calls taken on a page: real Chromium, real microphone files, real gateway with real models.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { launch } from './chrome.mjs';
import { assertClean, until, watched } from './support.mjs';

const BIN = process.env.WARMLINE_BIN;
const RATE = 16_000;
/** Through greeting, recognition and the ring on a machine that also runs two browsers. */
const PATIENCE_MS = 120_000;

const WISH = 'I would like to talk to a human please.';
const HELLO = 'Hello, this is Maria speaking, how can I help you with the parcel?';

/** What a microphone hears: parts of silence (seconds) and of speech (text), one after the other. */
async function microphone(file, parts) {
  const sounds = [];
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'number') {
      sounds.push(Buffer.alloc(Math.round(part * RATE) * 2));
    } else {
      const said = `${file}.${index}.wav`;
      assert.equal(spawnSync('flite', ['-voice', 'slt', '-t', part, '-o', said]).status, 0, 'flite speaks');
      sounds.push(samples(await readFile(said)));
    }
  }
  await writeFile(file, wav(Buffer.concat(sounds), RATE));
}

/** The samples of a WAV file with a plain header. */
function samples(file) {
  const at = file.indexOf('data');
  return file.subarray(at + 8, at + 8 + file.readUInt32LE(at + 4));
}

function wav(data, rate) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

async function freePort() {
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A gateway whose agent has no phone but the page. */
async function start(folder, origins) {
  const [sip, http, orders] = [await freePort(), await freePort(), await freePort()];
  const flow = resolve('../../config/flows/support.en.yaml');
  const config = join(folder, 'warmline.yaml');
  await writeFile(
    config,
    `sip: {udp: "127.0.0.1:${sip}", tcp: "127.0.0.1:${sip}"}
rtp: {ports: "23000-23199"}
http: {bind: "127.0.0.1:${http}", widget_origins: ${JSON.stringify(origins)}}
store: {folder: ${folder}/store}
speech: {cache: ${folder}/speech}
routes: [{called: "*", flow: "${flow}"}]
services: {orders: "http://127.0.0.1:${orders}"}
demo: {order_service: true}
agents:
  maria: {name: Maria, target: browser, queues: [orders, general, accounts, complaints]}
`,
  );
  const child = spawn(BIN, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  const url = `http://127.0.0.1:${http}`;
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  await until(
    'the gateway is ready',
    async () => {
      assert.equal(child.exitCode, null, output);
      return (await fetch(`${url}/readyz`).catch(() => null))?.ok;
    },
    60_000,
  );
  return {
    url,
    log: () => output,
    close: async () => {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
    },
  };
}

/** A browser with a microphone that plays a file once. */
function speaking(file) {
  return launch({
    permissions: ['microphone'],
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${file}%noloop`,
    ],
  });
}

/** Keeps what the page hears, as samples at 16 kHz. */
const TAP = `
  window.__heard = [];
  const Plain = window.RTCPeerConnection;
  window.__peers = [];
  window.RTCPeerConnection = class extends Plain {
    constructor(...all) {
      super(...all);
      window.__peers.push(this);
      this.addEventListener('track', ({ track }) => {
        const context = new AudioContext({ sampleRate: ${RATE} });
        const source = context.createMediaStreamSource(new MediaStream([track]));
        const tap = context.createScriptProcessor(4096, 1, 1);
        tap.onaudioprocess = ({ inputBuffer }) => {
          for (const one of inputBuffer.getChannelData(0)) window.__heard.push(Math.max(-32768, Math.min(32767, Math.round(one * 32767))));
        };
        source.connect(tap);
        tap.connect(context.destination);
      });
    }
  };
`;

async function tapped(browser, url) {
  const page = await watched(browser.context, url);
  await page.addInitScript(TAP);
  return page;
}

/** What a page has heard since the mark, as words. */
async function words(page, folder, from) {
  const heard = await page.evaluate((start) => window.__heard.slice(start), from);
  const file = join(folder, `heard-${from}.wav`);
  await writeFile(file, wav(Buffer.from(Int16Array.from(heard).buffer), RATE));
  const { stdout, status, stderr } = spawnSync(BIN, ['transcribe', '--json', file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n').map((line) => JSON.parse(line).text).join(' ').toLowerCase();
}

const heardSoFar = (page) => page.evaluate(() => window.__heard.length);

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
    world = await start(folder, [shop]);
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
    const greeting = await words(callerPage, folder, 0);
    assert.match(greeting, /help|assistant|calling/, greeting);
    const said = () => api(`/calls/${id}`).then(({ entries }) => JSON.stringify(entries));
    await callerPage.click('text=Keypad');
    await callerPage.click('[role=group] >> text="7"');
    await until('the key is counted', async () => (await said()).includes('"what":"key","digit":"7"'), 10_000);
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
