// Text from callers is only ever text (NEGATIVE E1).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAYLOADS } from './injection.mjs';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted();
/** As a browser shows it: control characters stay what they are, and line ends count as spaces. */
const flat = (text) => text.replace(/\s+/gu, ' ').trim();

test('the list has forty payloads', () => {
  assert.equal(new Set(PAYLOADS).size, 40);
});

test('payloads in a transcript are shown as they are and do nothing', async () => {
  const { mock, context } = world;
  mock.addCall('payloads', { callerName: 'Payload', texts: PAYLOADS });
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/calls/payloads`);
  await page.waitForSelector('li.turn');
  const shown = (await page.locator('li.turn.caller .said > bdi').evaluateAll((all) => all.map((one) => one.textContent))).map(flat);
  for (const payload of PAYLOADS) assert.ok(shown.includes(flat(payload)), `not shown as text: ${JSON.stringify(payload)}`);
  const inside = await page.locator('.said script, .said img, .said iframe, .said svg, .said a, .said form, .said style, .said object').count();
  assert.equal(inside, 0);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `a payload makes the page ${overflow} px too wide`);
  assertClean(page);
  await page.close();
});

test('payloads as a caller’s name are shown as they are in the list, on the call’s page and in the title', async () => {
  const { mock, context } = world;
  PAYLOADS.forEach((callerName, index) => mock.addCall(`name-${index}`, { callerName, texts: ['Hello.'] }));
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/`);
  await page.waitForSelector('tbody tr');
  for (const [index, payload] of PAYLOADS.entries()) {
    const cell = page.locator(`[data-call="name-${index}"] .who a`);
    assert.equal(flat(await cell.textContent()), flat(payload));
  }
  for (const index of [0, 19, 23, 35]) {
    await page.goto(`${mock.url}/calls/name-${index}`);
    await page.waitForSelector('h1');
    assert.equal(flat(await page.locator('h1').textContent()), flat(PAYLOADS[index]));
    assert.ok((await page.title()).length > 0);
  }
  assertClean(page);
  await page.close();
});

test('payloads on the agent’s card and in a live transcript are text', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/maria`);
  await page.waitForSelector('h1');
  const all = PAYLOADS.join('\n');
  const id = mock.startCall({
    pickUpMs: null,
    callerName: PAYLOADS[1],
    override: (entry) => (entry.what === 'caller_turn' || entry.what === 'hearing' ? { ...entry, text: all } : entry),
  });
  const call = mock.calls.get(id);
  call.summary = {
    who: PAYLOADS[0],
    reason: all,
    why_now: all,
    facts: [{ name: 'x', label: PAYLOADS[1], value: all, confidence: 0.5, confirmed: false, source: 'said', span: null }],
    tried: [all],
    open_question: all,
    mood: PAYLOADS[3],
    last_words: [all],
    suggested_opening: all,
    spoken: [all],
    do_first: all,
    more: [all],
  };
  call.evidence = [{ number: 1, signal: { kind: 'critical', matter: PAYLOADS[0] }, quote: all, span: [0, 1], weight: 1, certainty: 1 }];
  await page.waitForSelector('[data-step=ringing]');
  assert.equal(flat(await page.locator('#card-reason').textContent()), flat(all));
  await until('the live transcript shows the payloads', async () =>
    (await page.locator('[role=log] .caller .said bdi').allTextContents()).some((text) => flat(text) === flat(all)),
  );
  assert.equal(await page.locator('main script, main img, main iframe, main form, main object').count(), 0);
  assertClean(page);
  await page.close();
});
