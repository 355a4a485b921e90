// What the calls of pages share: microphone files, a gateway with real models, and what a page has heard, as words.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket as createUdp } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createTcp } from 'node:net';
import { join, resolve } from 'node:path';
import { launch } from './chrome.mjs';
import { until, watched } from './support.mjs';

export const BIN = process.env.WARMLINE_BIN;
export const RATE = 16_000;
/** Through greeting, recognition and the ring on a machine that also runs two browsers. */
export const PATIENCE_MS = 120_000;

/** What a microphone hears: parts of silence (seconds) and of speech (text), one after the other. */
export async function microphone(file, parts) {
  const sounds = [];
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'number') {
      sounds.push(Buffer.alloc(Math.round(part * RATE) * 2));
    } else {
      const said = `${file}.${index}.wav`;
      assert.equal(spawnSync('flite', ['-voice', 'slt', '-t', part, '-o', said]).status, 0, 'flite speaks');
      sounds.push(samplesOf(await readFile(said)));
    }
  }
  await writeFile(file, wav(Buffer.concat(sounds), RATE));
}

/** The samples of a WAV file with a plain header. */
export function samplesOf(file) {
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

/** Ports that the system gives to nobody who asks for any port: nothing takes one of those between here and its server's start.
 *  The port behind a telephone's is its own, too. `src/phone/ports.rs` says more. */
const PORTS = { first: 61_000, count: 1_125, apart: 4 };
let tried = process.pid * 571;

/** A port that nobody uses, neither for UDP nor for TCP, and that this process has not been given before. */
export async function freePort() {
  for (let left = PORTS.count; left > 0; left--) {
    const port = PORTS.first + (tried++ % PORTS.count) * PORTS.apart;
    const there = [createTcp().listen(port, '127.0.0.1'), createUdp('udp4').bind(port, '127.0.0.1')];
    const free = await Promise.all(there.map((socket) => once(socket, 'listening').then(() => true, () => false)));
    await Promise.all(there.filter((_, n) => free[n]).map((socket) => new Promise((closed) => socket.close(closed))));
    if (free.every(Boolean)) return port;
  }
  throw new Error('no free port');
}

export const MARIA = 'maria: {name: Maria, target: browser, queues: [orders, general, accounts, complaints]}';

/** A gateway whose agents have no phone but the page; its sound has the ports `[first, last]`, and `more` goes into the section `http` of its configuration.
 *  All of it is at the address `here`. `sections` is told the address of the pages, and gives further sections. */
export async function start(folder, [first, last], more = {}, agents = [MARIA], here = '127.0.0.1', sections = async () => ({})) {
  const host = here.includes(':') ? `[${here}]` : here;
  const [sip, http, orders] = [await freePort(), await freePort(), await freePort()];
  const flow = resolve('../../config/flows/support.en.yaml');
  const config = join(folder, 'warmline.yaml');
  const url = `http://${host}:${http}`;
  const further = Object.entries(await sections(url)).map(([name, section]) => `${name}: ${JSON.stringify(section)}\n`);
  await writeFile(
    config,
    `sip: {udp: "${host}:${sip}", tcp: "${host}:${sip}"}
rtp: {bind: "${here}", ports: "${first}-${last}"}
http: ${JSON.stringify({ bind: `${host}:${http}`, accounts: false, ...more })}
store: {folder: ${folder}/store}
speech: {cache: ${folder}/speech}
routes: [{called: "*", flow: "${flow}"}]
services: {orders: "http://127.0.0.1:${orders}"}
demo: {order_service: true}
agents:
${agents.map((line) => `  ${line}\n`).join('')}${further.join('')}`,
  );
  const child = spawn(BIN, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
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

/** A browser with a microphone that plays a file once, and with further `flags`. */
export function speaking(file, flags = []) {
  return launch({
    permissions: ['microphone'],
    flags: [
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${file}%noloop`,
      ...flags,
    ],
  });
}

/** The renderer is gone, with its sound, its streams and all that it could have said. When that was. */
export async function kill(page) {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  const at = Date.now();
  session.send('Page.crash').catch(() => undefined);
  await crashed;
  return at;
}

/** Keeps what the page hears, as samples at 16 kHz. */
const TAP = `
  window.__heard = [];
  /** When each part of it came, how long all of it was then, and how loud it is. */
  window.__chunks = [];
  const Plain = window.RTCPeerConnection;
  window.__peers = [];
  window.RTCPeerConnection = class extends Plain {
    constructor(...all) {
      super(...all);
      window.__peers.push(this);
      this.addEventListener('track', ({ track }) => {
        const context = new AudioContext({ sampleRate: ${RATE} });
        // What was heard in the call before is over.
        window.__tap?.close();
        window.__tap = context;
        const source = context.createMediaStreamSource(new MediaStream([track]));
        const tap = context.createScriptProcessor(4096, 1, 1);
        tap.onaudioprocess = ({ inputBuffer }) => {
          let power = 0;
          for (const one of inputBuffer.getChannelData(0)) {
            power += one * one;
            window.__heard.push(Math.max(-32768, Math.min(32767, Math.round(one * 32767))));
          }
          window.__chunks.push([Date.now(), window.__heard.length, Math.sqrt(power / inputBuffer.length)]);
        };
        source.connect(tap);
        tap.connect(context.destination);
      });
    }
  };
`;

export async function tapped(browser, url, before = '') {
  const page = await watched(browser.context, url);
  await page.addInitScript(before + TAP);
  return page;
}

/** What a page has heard since the mark, or up to another one, as words. */
export async function words(page, folder, from, to) {
  const heard = await page.evaluate(([first, last]) => window.__heard.slice(first, last ?? undefined), [from, to]);
  const file = join(folder, `heard-${from}.wav`);
  await writeFile(file, wav(Buffer.from(Int16Array.from(heard).buffer), RATE));
  const { stdout, status, stderr } = spawnSync(BIN, ['transcribe', '--json', file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n').map((line) => JSON.parse(line).text).join(' ').toLowerCase();
}

export const heardSoFar = (page) => page.evaluate(() => window.__heard.length);

/** Between two looks at what was heard, so much more of it comes: a recogniser that never rests would take the machine from the call that it listens to. */
const MORE = 2 * RATE;

/** Waits until what a page has heard since the mark has words of the pattern; otherwise fails with what it has heard instead. */
export async function hears(page, folder, from, pattern, limitMs = PATIENCE_MS) {
  let [looked, last] = [from, ''];
  const right = async () => {
    if ((await heardSoFar(page)) < looked + MORE) return false;
    last = await words(page, folder, from);
    looked = await heardSoFar(page);
    return pattern.test(last);
  };
  await until(`${pattern} is heard`, right, limitMs).catch((error) => {
    throw new Error(`${error.message}: it was “${last}”, of ${((looked - from) / RATE).toFixed(1)} s`, { cause: error });
  });
}
