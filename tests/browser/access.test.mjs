// Everybody can use the pages: axe-core on each of them, dark and light, wide and narrow; focus is visible; nothing runs off the side.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { assertClean, scripted, watched } from './support.mjs';

const world = scripted();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every page in every state that looks different. */
async function visit(page, mock, look) {
  const show = async (name, path, ready) => {
    if (path !== null) await page.goto(`${mock.url}${path}`);
    await page.waitForSelector(ready);
    await look(name);
  };
  await show('calls', '/', 'tbody tr');
  await show('call', '/calls/demo', 'path.wave.caller[d^="M"]');
  await show('agents', '/agents', '[data-agent]');
  await show('wall', '/wall', '.big');
  await show('privacy', '/privacy', 'tbody tr');
  await show('no such page', '/nothing/here', 'h1');
  await show('desk, idle', '/agent/maria', '.calm');
  const id = mock.startCall({ pickUpMs: null });
  await show('desk, ringing', null, '[data-step=ringing]');
  mock.pickUp(id);
  await show('desk, briefing', null, '[data-step=briefing]');
  await page.keyboard.press('a');
  await show('desk, talking', null, '[data-step=bridged]');
  await show('call, live', `/calls/${id}`, '[role=log] li.turn');
  await show('calls, one live', '/', `a[data-call="${id}"]`);
  await show('desk, talking again', '/agent/maria', '[data-step=bridged]');
  mock.end(mock.calls.get(id), 'handed_over');
  await show('desk, after the call', null, '[data-step=ended]');
  await page.keyboard.press('?');
  await show('shortcuts', null, 'dialog[open]');
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1440, 390]) {
    test(`axe-core finds nothing serious and nothing runs off the side: ${colorScheme}, ${width} px`, async () => {
      const { mock, context } = world;
      const page = await watched(context, mock.url);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      const found = [];
      await visit(page, mock, async (name) => {
        // The test's own script: the page's policy does not let the page load it.
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
        for (const one of violations) {
          if (['serious', 'critical', 'moderate'].includes(one.impact)) found.push(`${name}: ${one.id} (${one.impact}) ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
        }
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) found.push(`${name}: ${over} px too wide`);
      });
      assert.deepEqual(found, []);
      assertClean(page);
      await page.close();
    });
  }
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
