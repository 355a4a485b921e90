// A caller whose network lets nothing through but TURN: the page is told coturn's address by the gateway, may use nothing else, and is heard.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, PATIENCE_MS, freePort, hears, microphone, speaking, start, tapped } from './phones.mjs';
import { ON_CUE, saysAfterTheGreeting } from './sounds.mjs';
import { until } from './support.mjs';

const QUESTION = 'What are your opening hours?';
/** Where coturn relays: its side of what the gateway sends and gets. */
const RELAYED = [24_000, 24_099];
/** The gateway's sound, as `start` configures it. All of it is SRTP, so that what looks like RTCP is encrypted and is not dissected as RTCP. */
const SOUND = [23_000, 23_199];

/** Everything that the page does goes through the relay. */
const RELAY_ONLY = `
  const Free = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Free {
    constructor(configuration, ...rest) {
      super({ ...configuration, iceTransportPolicy: 'relay' }, ...rest);
    }
  };
`;

/** A program of others; `close` asks it to end and waits until it has. */
function peer(program, args, cwd) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let failure;
  child.on('error', (error) => (failure = error));
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return {
    says: (words) =>
      until(`${program} says “${words}”`, () => {
        assert.equal(failure, undefined);
        assert.equal(child.exitCode, null, output);
        return output.includes(words);
      }),
    close: async () => {
      if (child.exitCode === null && !failure) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    },
  };
}

function coturn(folder, port) {
  const turnserver = ['-n', '--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1', '--no-tls', '--no-dtls', '--no-cli'];
  const relay = [`--min-port=${RELAYED[0]}`, `--max-port=${RELAYED[1]}`, '--allow-loopback-peers'];
  const account = ['--lt-cred-mech', '--user=page:let-me-through', '--realm=warmline', `--userdb=${folder}/turndb`];
  const files = ['--log-file=stdout', `--pidfile=${folder}/turnserver.pid`];
  return peer('turnserver', [...turnserver, ...relay, ...account, ...files], folder);
}

/** Packets of a capture: ports, the dissectors that took part, and whether they could make sense of it. */
function dissected(file) {
  const fields = ['udp.srcport', 'udp.dstport', 'frame.protocols', '_ws.malformed'].flatMap((field) => ['-e', field]);
  const how = ['--enable-heuristic', 'rtp_udp', '--enable-heuristic', 'stun_udp', '--disable-protocol', 'rtcp', '-T', 'fields', '-E', 'occurrence=f'];
  const { status, stdout, stderr } = spawnSync('tshark', ['-n', '-r', file, ...how, ...fields], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return stdout.trimEnd().split('\n').map((line) => {
    const [from, to, protocols, malformed] = line.split('\t');
    return { from: Number(from), to: Number(to), protocols: protocols.split(':'), malformed };
  });
}

const within = (port, [first, last]) => port >= first && port <= last;

test('a page behind TURN calls and is heard', { skip: BIN ? false : 'set WARMLINE_BIN' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-relay-'));
  const open = [];
  t.after(async () => {
    for (const one of open.reverse()) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  const port = await freePort();
  const server = coturn(folder, port);
  open.push(server);
  await server.says('Total General servers');
  const ice_servers = [{ urls: [`turn:127.0.0.1:${port}?transport=udp`], username: 'page', credential: 'let-me-through' }];
  const world = await start(folder, SOUND, { ice_servers });
  open.push(world);
  const capture = peer('dumpcap', ['-i', 'lo', '-P', '-f', `udp portrange ${SOUND.join('-')}`, '-w', 'packets.pcap'], folder);
  open.push(capture);
  await capture.says('File:');

  await microphone(join(folder, 'silence.wav'), [300]);
  const caller = await speaking(join(folder, 'silence.wav'));
  open.push(caller);
  const page = await tapped(caller, world.url, RELAY_ONLY + ON_CUE);
  await page.goto(`${world.url}/call`);
  await page.click('text=Call now');
  await page.waitForSelector('[data-state=talking]', { timeout: 30_000 });
  const api = async (path) => (await fetch(`${world.url}/api/v1${path}`)).json();
  const { id } = await until('the call is listed', async () => (await api('/calls?state=live')).calls[0]);
  await hears(page, folder, 0, /help|assistant|calling/);
  await saysAfterTheGreeting(page, folder, QUESTION);
  await until('the question is understood', async () => JSON.stringify(await api(`/calls/${id}`)).includes('opening_hours'), PATIENCE_MS);
  await page.close();
  await until('the call is over', async () => (await api(`/calls/${id}`)).head.state === 'ended', 10_000);

  await capture.close();
  const packets = dissected(join(folder, 'packets.pcap'));
  const sent = packets.filter(({ from }) => within(from, SOUND));
  for (const protocol of ['stun', 'dtls', 'rtp']) {
    assert.ok(sent.some(({ protocols }) => protocols.includes(protocol)), `the gateway sent ${protocol}`);
  }
  assert.ok(sent.every(({ to }) => within(to, RELAYED)), 'all of it went to the relay');
  assert.deepEqual(sent.filter(({ malformed }) => malformed).slice(0, 5), []);
});
