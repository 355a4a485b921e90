// The page of one call, and the list of calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClean, audioTime, scripted, until, watched } from './support.mjs';

const world = scripted();

async function open(path) {
  const page = await watched(world.context, world.mock.url);
  await page.goto(`${world.mock.url}${path}`);
  await page.waitForSelector('h1');
  return page;
}

test('the recording plays, and the timeline and the transcript seek in it', async () => {
  const page = await open('/calls/demo');
  await until('the recording is known', () => page.evaluate(() => (document.querySelector('audio')?.duration ?? 0) > 80));
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await until('the sound goes on', async () => (await audioTime(page)) > 0.3);
  await page.getByRole('button', { name: 'Pause' }).click();

  const slider = page.getByRole('slider', { name: 'Position in the call' });
  const box = await slider.boundingBox();
  await slider.click({ position: { x: box.width / 2, y: 60 } });
  const middle = await audioTime(page);
  assert.ok(Math.abs(middle - 46.6) < 2, `a click in the middle of 92 s gave ${middle}`);
  assert.equal(await page.locator('li.turn.now').count(), 1, 'the turn that is heard is marked');

  await page.getByRole('button', { name: 'Play from 0:39' }).first().click();
  await until('the turn is heard', async () => Math.abs((await audioTime(page)) - 39.7) < 2);
  await page.getByRole('button', { name: 'Hear order number at 0:24' }).click();
  await until('the fact is heard', async () => Math.abs((await audioTime(page)) - 24.3) < 2);
  assertClean(page);
  await page.close();
});

test('the line that the call came in on, and that the network vouches for its number, stand beside what was called', async () => {
  const page = await open('/calls/demo');
  const text = await page.locator('p.meta').innerText();
  assert.match(text, /Called.*Number vouched for by the network.*Trunk isp.*Flow/s);
  assertClean(page);
  await page.close();
});

test('how the line sounded stands among the figures', async () => {
  const page = await open('/calls/demo');
  const figure = page.locator('dl > div').filter({ has: page.locator('abbr[title^="Mean opinion score"]') });
  assert.match(await figure.innerText(), /4\.2\s.*PCMA.*0\.5/s);
  assertClean(page);
  await page.close();
});

test('one side alone can be heard, at another speed', async () => {
  const page = await open('/calls/demo');
  await page.getByRole('radio', { name: 'Caller' }).check({ force: true });
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('1.5');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await until('the sound goes on', async () => (await audioTime(page)) > 0.3);
  assert.equal(await page.evaluate(() => document.querySelector('audio').playbackRate), 1.5);
  assertClean(page);
  await page.close();
});

test('both waveforms, every lane and the reasons are there', async () => {
  const page = await open('/calls/demo');
  for (const side of ['caller', 'heard']) {
    await until(`the ${side} waveform`, async () => ((await page.locator(`path.wave.${side}`).getAttribute('d')) ?? '').length > 1_000);
  }
  assert.equal(await page.locator('rect.look-up').count(), 1);
  assert.equal(await page.locator('circle.decision.escalate').count(), 1);
  assert.equal(await page.locator('rect.stage.bridged').count(), 1);
  const text = await page.locator('main').innerText();
  for (const piece of ['Why a human', '1.47', 'Threshold 1.00', 'What would have changed it', 'Caller and agent hear each other', 'This is an automated assistant', '71% sure']) {
    assert.ok(text.includes(piece), `the page does not say “${piece}”`);
  }
  assert.match(await page.locator('s').first().innerText(), /the next three working days/);
  assertClean(page);
  await page.close();
});

test('a live call grows on its page, and ends there', async () => {
  const { mock } = world;
  const id = mock.startCall({ pickUpMs: null });
  await until('the call has begun', () => mock.calls.get(id).head);
  const page = await open(`/calls/${id}`);
  const turns = page.locator('[role=log] li.turn');
  await until('turns come', async () => (await turns.count()) > 2);
  const call = mock.calls.get(id);
  await until('the phone rings', () => call.state === 'ringing');
  const at = mock.now(call);
  mock.write(call, { at, what: 'bot_turn', turn: 4, node: 'still_calling', text: 'One more moment.', heard: 'One more moment.', interrupted: false, from: at, to: at + 900, reply_ms: null });
  await turns.getByText('One more moment.').waitFor();
  await until('the queue has the caller', () => page.locator('.head .chip.queue').count());
  mock.end(mock.calls.get(id), 'abandoned');
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  await page.locator('.head').getByText('Caller hung up').waitFor();
  assertClean(page);
  await page.close();
});

test('the list shows live calls on top, filters and opens calls by keyboard alone', async () => {
  const { mock } = world;
  const id = mock.startCall({ pickUpMs: null });
  const page = await open('/');
  const live = page.locator(`a[data-call="${id}"]`);
  await live.waitFor();
  const first = await live.locator('.time').innerText();
  await until('the time runs', async () => (await live.locator('.time').innerText()) !== first);
  mock.end(mock.calls.get(id), 'abandoned');
  await page.locator(`tr[data-call="${id}"]`).waitFor();

  await page.keyboard.press('/');
  await page.keyboard.type('cancellation');
  await until('one call is left', async () => (await page.locator('tbody tr').count()) === 1);
  await page.keyboard.press('Escape');
  await until('all are back', async () => (await page.locator('tbody tr').count()) > 10);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const chosen = await page.evaluate(() => document.activeElement.getAttribute('href'));
  await page.keyboard.press('Enter');
  await page.waitForURL(`**${chosen}`);
  await page.keyboard.press('?');
  const shortcuts = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await shortcuts.waitFor();
  await page.keyboard.press('Escape');
  // While it is open, keys are its own.
  await shortcuts.waitFor({ state: 'hidden' });
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL('**/agents');
  await page.locator('[data-agent=maria]').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/agent/maria');
  assertClean(page);
  await page.close();
});

test('older calls come on demand', async () => {
  const { mock } = world;
  for (let index = 0; index < 120; index += 1) mock.addCall(`old-${index}`, { callerName: `Old ${index}`, texts: ['Hello.'] });
  const page = await open('/');
  const rows = page.locator('tbody tr');
  await until('the first page', async () => (await rows.count()) === 50);
  await page.getByRole('button', { name: 'Show older calls' }).click();
  await until('the second page', async () => (await rows.count()) === 100);
  await page.getByRole('button', { name: 'Show older calls' }).click();
  await until('the rest', async () => (await rows.count()) > 120);
  assert.equal(await page.getByRole('button', { name: 'Show older calls' }).count(), 0);
  assertClean(page);
  await page.close();
});

test('an empty gateway says what to do', async () => {
  const { startMock } = await import('./mock/server.mjs');
  const empty = await startMock({ empty: true });
  const page = await watched(world.context, empty.url);
  await page.goto(`${empty.url}/`);
  await page.getByText('No calls yet').waitFor();
  await page.goto(`${empty.url}/agents`);
  await page.getByText('No agents yet').waitFor();
  await page.goto(`${empty.url}/calls/gone`);
  await page.getByText('There is no such call').waitFor();
  assertClean(page);
  await page.close();
  await empty.close();
});
