// A whole call at the desk with nothing but Tab, Enter, Space and the arrows: nobody needs a mouse, or to know a letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted();
/** More than there is to be reached on any page. */
const FARTHEST = 60;

/** Goes on with Tab until what is called so has the focus, and sees it there. */
async function tabTo(page, name) {
  const seen = [];
  for (let press = 0; press < FARTHEST; press += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const active = document.activeElement;
      if (active === document.body) return null;
      const box = active.getBoundingClientRect();
      const ring = [active, active.closest('label')].filter(Boolean).map((one) => getComputedStyle(one));
      return {
        name: active.getAttribute('aria-label') ?? active.labels?.[0]?.innerText ?? active.innerText,
        ring: ring.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2),
        shown: box.bottom > 0 && box.top < innerHeight,
      };
    });
    if (focus === null) continue;
    seen.push(focus.name);
    assert.ok(focus.ring && focus.shown, `nobody sees that “${focus.name}” has the focus`);
    if (name.test(focus.name)) return;
  }
  assert.fail(`${name} is not reached: ${seen.join(' | ')}`);
}

/** Goes there and presses Enter. */
async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

test('a call from the first ring to the wrap-up without a mouse', async () => {
  const { mock, context } = world;
  mock.agents.get('andrei').state = 'available';
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agents`);
  await page.waitForSelector('[data-agent]');
  await press(page, /Maria/);
  await page.getByText('You are available').waitFor();
  const id = mock.startCall({ pickUpMs: null });
  const last = () => mock.choices.at(-1)?.choice;

  await page.waitForSelector('[data-step=ringing]');
  await press(page, /^Accept/);
  mock.pickUp(id);
  await page.waitForSelector('[data-step=bridged]');
  await press(page, /^Hold/);
  await until('the caller is held', () => last() === 'hold');
  // Opened by mistake, and left again: the focus is where it was.
  await press(page, /^Ask a colleague/);
  await page.getByLabel('To whom?').waitFor();
  await page.keyboard.press('Escape');
  await page.getByLabel('To whom?').waitFor({ state: 'detached' });
  assert.match(await page.evaluate(() => document.activeElement.innerText), /^Ask a colleague/);
  await page.keyboard.press('Enter');
  await until('it asks for whom', () => page.evaluate(() => document.activeElement.getAttribute('aria-label') === 'To whom?'));
  await page.keyboard.press('ArrowDown');
  await press(page, /^Ask now/);
  await until('a colleague is asked for', () => last() === 'consult');
  mock.thirdAnswers(id);
  await page.getByText('You talk with Andrei').waitFor();
  await press(page, /^Back to the caller/);
  await until('the colleague is let go', () => last() === 'part');

  await tabTo(page, /^Notes/);
  await page.keyboard.type('A parcel, and no h of the keyboard hangs up.');
  await until('the notes are kept', () => mock.notes.get(id)?.[0].text.endsWith('hangs up.'));
  assert.equal(last(), 'part');
  // Out of the field with one key, and letters are commands again.
  await page.keyboard.press('Escape');
  await press(page, /^Hang up/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-step=ended]');
  await tabTo(page, /Solved|Follow-up needed/);
  await page.keyboard.press('Space');
  await until('what came of it is kept', () => mock.notes.get(id)[0].disposition !== null);
  await press(page, /^Ready/);
  await page.getByText('You are available').waitFor();
  mock.agents.get('andrei').state = 'away';
  assertClean(page);
  await page.close();
});

test('the button of other sites keeps the focus, and no key that is held hangs up', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  const html = '<!doctype html><html lang="en"><title>Shop</title><main><a href="#more">More</a></main><script src="/widget.js"></script></html>';
  await page.route(`${mock.url}/shop`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(`${mock.url}/shop`);
  await page.locator('warmline-call button').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  const focused = () => page.evaluate(() => document.activeElement.shadowRoot?.activeElement.className);
  assert.equal(await focused(), 'call');
  await page.keyboard.press('Enter');
  // There is no microphone here: the call has failed, and the button is back.
  await page.waitForSelector('warmline-call[data-state=failed]', { state: 'attached' });
  assert.equal(await focused(), 'said', 'it says why');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'call', 'and can be pressed again');
  assertClean(page);
  await page.close();
});

test('the wall: a conversation is followed, and a message heard and dealt with', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/wall`);
  const id = mock.startCall({ pickUpMs: null });
  await until('the phone rings', () => mock.calls.get(id).state === 'ringing');
  mock.pickUp(id);
  mock.choose(mock.calls.get(id), 'accept');
  await page.getByRole('button', { name: /^Follow/ }).waitFor();
  await press(page, /^Follow the conversation/);
  await page.getByRole('region', { name: 'Follow this conversation' }).waitFor();
  await press(page, /^Hear the message of Laura Schmidt/);
  await press(page, /^Done: the message of Laura Schmidt/);
  await page.getByText('No message waits to be heard.').waitFor();
  // What can be followed stands above it: around the page, or back.
  await press(page, /^Listen/);
  await until('the gateway is told', () => mock.supervisions.at(0)?.mode === 'listen');
  mock.waiting.heard.clear();
  assertClean(page);
  await page.close();
});
