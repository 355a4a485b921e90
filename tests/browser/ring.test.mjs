// How the desk calls its agent: a sound, and a notification of the system, for as long as it rings and no longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted();
/** Two rings and a half: the page's clock goes as the test wants. */
const PERIODS_MS = 6_500;

/** The system's notifications, and when tones begin, in place of what nobody could see or hear here. */
const NOTED = `
  window.__rings = { tones: [], notices: [], asked: 0 };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...all) {
    window.__rings.tones.push(this.frequency.value);
    return start.apply(this, all);
  };
  window.Notification = class {
    static permission = sessionStorage.getItem('permission') ?? 'default';
    static async requestPermission() {
      window.__rings.asked += 1;
      sessionStorage.setItem('permission', 'granted');
      return (Notification.permission = 'granted');
    }
    constructor(title, { body }) {
      Object.assign(this, { title, body, open: true });
      window.__rings.notices.push(this);
    }
    close() {
      this.open = false;
    }
  };
`;

async function desk() {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.clock.install();
  await page.addInitScript(NOTED);
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByText('You are available').waitFor();
  return { mock, page };
}

const rings = (page) => page.evaluate(() => window.__rings);
const tones = async (page) => (await rings(page)).tones.length;

async function rung({ mock, page }) {
  const id = mock.startCall({ pickUpMs: null });
  await page.waitForSelector('[data-step=ringing]');
  return id;
}

test('the desk rings again and again until the call is picked up, and shows who calls and why', async () => {
  const { mock, page } = await desk();
  const ready = page.getByRole('region', { name: 'Before the first call' });
  await ready.getByRole('listitem').filter({ hasText: 'Notification of calls' }).getByRole('button', { name: 'Switch on' }).click();
  await until('the person is asked once', async () => (await rings(page)).asked === 1);
  assert.equal(await tones(page), 0, 'nothing rings yet');
  const id = await rung({ mock, page });
  assert.equal(await tones(page), 2, 'it is heard at once');
  await page.clock.runFor(PERIODS_MS);
  assert.ok((await tones(page)) >= 6, 'and again, and again');
  const [notice, ...more] = (await rings(page)).notices;
  assert.deepEqual(more, [], 'one notification for one call');
  assert.match(notice.title, /Ana Popescu/);
  assert.match(notice.body, /Order 457129 has been with the carrier/);
  assert.ok(notice.open);
  mock.pickUp(id);
  await page.waitForSelector('[data-step=briefing]');
  assert.equal((await rings(page)).notices[0].open, false, 'the notification goes with the ringing');
  const rang = await tones(page);
  await page.clock.runFor(PERIODS_MS);
  assert.equal(await tones(page), rang, 'and so does the sound');
  mock.end(mock.calls.get(id), 'abandoned');
  assertClean(page);
  await page.close();
});

test('a call that is taken from the agent rings no more, and the next one rings anew', async () => {
  const { mock, page } = await desk();
  const first = await rung({ mock, page });
  await until('it rings', async () => (await tones(page)) === 2);
  assert.deepEqual((await rings(page)).notices, [], 'whoever was not asked is not notified');
  mock.end(mock.calls.get(first), 'abandoned');
  await page.waitForSelector('[data-step=ended]');
  await page.keyboard.press('Enter');
  await page.getByText('You are available').waitFor();
  const rang = await tones(page);
  await rung({ mock, page });
  await until('the next one rings', async () => (await tones(page)) > rang);
  assertClean(page);
  await page.close();
});

test('a desk that was made silent stays silent, also when it is opened again, and notifies all the same', async () => {
  const { mock, page } = await desk();
  await page.evaluate(() => sessionStorage.setItem('permission', 'granted'));
  const sound = page.getByRole('region', { name: 'Before the first call' }).getByRole('listitem').first();
  await sound.getByRole('button', { name: 'Switch off' }).click();
  await page.reload();
  await page.getByText('You are available').waitFor();
  const id = await rung({ mock, page });
  await until('it is notified', async () => (await rings(page)).notices.length === 1);
  assert.equal(await tones(page), 0);
  mock.end(mock.calls.get(id), 'abandoned');
  await page.waitForSelector('[data-step=ended]');
  await page.keyboard.press('Enter');
  // Switched on, it lets itself be heard at once.
  await sound.getByRole('button', { name: 'Switch on' }).click();
  await until('it is heard', async () => (await tones(page)) === 2);
  assertClean(page);
  await page.close();
});
