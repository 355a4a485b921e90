// A caller whose browser reaches the gateway by IPv6 and by nothing else: page, checks and sound.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, PATIENCE_MS, hears, microphone, speaking, start, tapped } from './phones.mjs';
import { ON_CUE, saysAfterTheGreeting } from './sounds.mjs';
import { assertClean, until } from './support.mjs';

const QUESTION = 'What are your opening hours?';
const HERE = '::1';
/** The gateway's: no other file's, so that two of them can run at the same time. */
const SOUND = [24_200, 24_399];

/** The addresses of the pair that sound travels between, as the browser knows them, and how much of it came and went. */
const path = (page) =>
  page.evaluate(async () => {
    const stats = await window.__peers.at(-1).getStats();
    const transport = [...stats.values()].find(({ type }) => type === 'transport');
    const pair = stats.get(transport.selectedCandidatePairId);
    const [ours, theirs] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
    return { ours: ours.address, theirs: theirs.address, sent: pair.bytesSent, received: pair.bytesReceived };
  });

test('a page calls by IPv6 and both hear each other', { skip: BIN ? false : 'set WARMLINE_BIN' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-ipv6-'));
  const open = [];
  t.after(async () => {
    for (const one of open.reverse()) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  const world = await start(folder, SOUND, {}, undefined, HERE);
  open.push(world);
  await microphone(join(folder, 'silence.wav'), [300]);
  // By itself a browser makes no candidates of loopback, and a machine need have no other address of this family.
  const caller = await speaking(join(folder, 'silence.wav'), ['--allow-loopback-in-peer-connection']);
  open.push(caller);
  const page = await tapped(caller, world.url, ON_CUE);
  await page.goto(`${world.url}/call`);
  await page.click('text=Call now');
  await page.waitForSelector('[data-state=talking]', { timeout: 30_000 });
  const offered = await page.evaluate(() => window.__peers.at(-1).remoteDescription.sdp);
  assert.match(offered, new RegExp(`^c=IN IP6 ${HERE}\r?$`, 'm'));
  const candidates = offered.split(/\r?\n/).filter((line) => line.startsWith('a=candidate:')).map((line) => line.split(' ')[4]);
  assert.ok(candidates.length > 0 && candidates.every((address) => address === HERE), `candidates at ${candidates}`);

  const api = async (what) => (await fetch(`${world.url}/api/v1${what}`)).json();
  const { id } = await until('the call is listed', async () => (await api('/calls?state=live')).calls[0]);
  await hears(page, folder, 0, /help|assistant|calling/);
  await saysAfterTheGreeting(page, folder, QUESTION);
  await until('the question is understood', async () => JSON.stringify(await api(`/calls/${id}`)).includes('opening_hours'), PATIENCE_MS);
  const { ours, theirs, sent, received } = await path(page);
  t.diagnostic(`sound between ${ours} and ${theirs}: ${sent} bytes there, ${received} back`);
  assert.equal(theirs, HERE);
  assert.ok(ours.includes(':'), `the browser speaks from ${ours}`);
  assert.ok(sent > 10_000 && received > 10_000, `${sent} bytes sent, ${received} received`);
  await page.getByRole('button', { name: 'Hang up', exact: true }).click();
  await until('the call is over', async () => (await api(`/calls/${id}`)).head.state === 'ended', 10_000);
  page.seen.console = page.seen.console.filter((line) => !line.includes('ScriptProcessorNode'));
  assertClean(page);
});
