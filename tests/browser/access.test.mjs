// Everybody can use the pages: axe-core on each of them in every state that looks different, in both languages, dark and light, wide and narrow; focus is visible;
// nothing runs off the side. The page of claim codes, accounts, privacy and the bot's question to an agent have this in tests of their own; a telephone that talks in
// `phone.test.mjs`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS, findings, seenAs, shot } from './looks.mjs';
import { assertClean, away, scripted, until, watched } from './support.mjs';

const world = scripted();

/** Pages of calls, and the one where a caller calls. */
async function calls(page, mock, show) {
  await show('calls', '/', 'tbody tr');
  await show('call', '/calls/demo', 'path.wave.caller[d^="M"]');
  await show('agents', '/agents', '[data-agent]');
  await show('no such page', '/nothing/here', 'h1');
  await show('caller', '/call', '[data-state=idle]');
  await page.locator('.calm .btn.primary').click();
  await show('caller, without a microphone', null, '[data-state=failed]');
  // Another site's page, with our button.
  const html = '<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main><script src="/widget.js" data-to="support"></script></html>';
  await page.route(`${mock.url}/shop`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await show('button', '/shop', 'warmline-call[data-state]');
  await page.locator('warmline-call button').click();
  await show('button, without a microphone', null, 'warmline-call[data-state=failed]');
}

/** The wall, and what is followed from it. */
async function wall(page, mock, show) {
  await show('wall', '/wall', '.big');
  const id = mock.startCall({ pickUpMs: null });
  await until('the phone rings', () => mock.calls.get(id).state === 'ringing');
  mock.pickUp(id);
  mock.choose(mock.calls.get(id), 'accept');
  await page.locator('.calls button[aria-pressed]').first().click();
  await show('wall, following', null, '.follow .supervise');
  await page.keyboard.press('l');
  await show('wall, following without a microphone', null, '.supervise [role=alert]');
  mock.endAll();
}

/** The desk, from the first look at microphone and loudspeaker to the wrap-up. */
async function desk(page, mock, show) {
  mock.agents.get('maria').browser = true;
  await show('desk, idle', '/agent/maria', '.calm');
  await page.locator('[aria-labelledby=ready-title] .btn.primary').click();
  await page.waitForSelector('dialog[open] li.good');
  for (const step of [0, 1]) await page.locator('dialog[open] li').nth(step).locator('> .btn').click();
  await show('device check', null, 'dialog[open] li.bad, dialog[open] li.good:first-child');
  await page.keyboard.press('Escape');
  mock.agents.get('maria').browser = false;
  const id = mock.startCall({ pickUpMs: null });
  await show('desk, ringing', null, '[data-step=ringing]');
  mock.pickUp(id);
  await show('desk, briefing', null, '[data-step=briefing]');
  await page.keyboard.press('a');
  await show('desk, talking', null, '[data-step=bridged]');
  await people(page, mock, id, show);
  await show('call, live', `/calls/${id}`, '[role=log] li.turn');
  await show('calls, one live', '/', `a[data-call="${id}"]`);
  await show('desk, talking again', '/agent/maria', '[data-step=bridged]');
  mock.end(mock.calls.get(id), 'handed_over');
  await show('desk, after the call', null, '[data-step=ended]');
  await page.locator('[aria-labelledby=wrap-corrections] button[aria-expanded]').first().click();
  await show('correction', null, '[aria-labelledby=wrap-corrections] form');
  await page.keyboard.press('?');
  await show('shortcuts', null, 'dialog[open]');
}

/** Whom an agent asks for, and what is to be seen of them. */
async function people(page, mock, id, show) {
  mock.agents.get('andrei').state = 'available';
  await page.keyboard.press('t');
  await show('whom to hand on to', null, '.line form select');
  await page.keyboard.press('Escape');
  await page.locator('.line button[aria-expanded]').nth(2).click();
  await show('a number to add', null, '.line form input');
  mock.third(mock.calls.get(id), 'maria', 'consult', { agent: 'andrei' });
  await show('third person, rung', null, '.third');
  mock.thirdAnswers(id);
  await until('they talk', async () => (await page.locator('.third .btn').count()) === 3);
  await show('third person, talking', null, '.third');
  mock.third(mock.calls.get(id), 'maria', 'conference');
  await until('they joined', async () => (await page.locator('.third .btn').count()) === 2);
  await show('third person, joined', null, '.third');
  mock.third(mock.calls.get(id), 'maria', 'part');
  await page.locator('.third').waitFor({ state: 'detached' });
  mock.agents.get('andrei').state = 'away';
}

/** Calls that rang while the page had no connection. */
async function missed(page, mock, show) {
  mock.endAll();
  await show('desk, idle again', '/agent/maria', '.calm');
  await away(page, mock, async () => {
    await show('desk, without a connection', null, '.link.lost');
    const id = mock.startCall({ pickUpMs: null });
    await until('it rings', () => mock.agents.get('maria').calls[0] === id);
    mock.end(mock.calls.get(id), 'abandoned');
  });
  await show('missed', null, '[aria-labelledby=missed-title] li');
}

for (const view of VIEWS) {
  test(`axe-core finds nothing serious and nothing runs off the side: ${view.name}`, async () => {
    const { mock, context } = world;
    const page = await watched(context, mock.url);
    await seenAs(page, view);
    const found = [];
    const show = async (name, path, ready) => {
      if (path !== null) await page.goto(`${mock.url}${path}`);
      await page.waitForSelector(ready, { state: ready.startsWith('warmline-call') ? 'attached' : 'visible' });
      found.push(...(await findings(page, name)));
      await shot(page, name, view, !name.startsWith('device'));
    };
    for (const part of [calls, wall, desk, missed]) await part(page, mock, show);
    await page.evaluate(() => localStorage.clear());
    assert.deepEqual(found, []);
    assertClean(page);
    await page.close();
  });
}

test('dark and light follow the system, and a choice is kept', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${mock.url}/agents`);
  await page.waitForSelector('[data-agent]');
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.getByRole('button', { name: 'Theme: as the system' }).click();
  assert.equal(await paper(), light, 'the first choice after the system is light');
  await page.reload();
  await page.waitForSelector('[data-agent]');
  assert.equal(await paper(), light, 'the choice is kept');
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).click();
  assert.equal(await paper(), dark, 'and back to the system');
  assertClean(page);
  await page.close();
});

test('the pages speak the browser’s language, and a choice is kept', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.addInitScript(() => Object.defineProperty(navigator, 'language', { get: () => 'ro-RO' }));
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByText('Sunteți disponibil').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'ro');
  await page.getByRole('button', { name: 'EN: change the language to English' }).click();
  await page.getByText('You are available').waitFor();
  await page.reload();
  await page.getByText('You are available').waitFor();
  await page.evaluate(() => localStorage.removeItem('warmline.language'));
  assertClean(page);
  await page.close();
});

test('every control shows where the focus is', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/calls/demo`);
  await page.waitForSelector('path.wave.caller[d^="M"]');
  for (let press = 0; press < 25; press += 1) {
    await page.keyboard.press('Tab');
    const ring = await page.evaluate(() => {
      const active = document.activeElement;
      if (active === document.body) return 'body';
      const shown = [active, active.closest('label')].filter(Boolean).map((one) => getComputedStyle(one));
      return shown.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) ? 'ring' : active.outerHTML.slice(0, 120);
    });
    assert.ok(ring === 'ring' || ring === 'body', `no focus ring on ${ring}`);
  }
  assertClean(page);
  await page.close();
});
