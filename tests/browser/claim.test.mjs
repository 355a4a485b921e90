// The page where somebody types the claim code of a call.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { assertClean, scripted, watched } from './support.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const world = scripted();

async function claiming(size = { width: 1440, height: 900 }, colorScheme = 'light') {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.goto(`${mock.url}/claim`);
  await page.getByRole('textbox', { name: 'Code of the call' }).waitFor();
  return page;
}

test('a code shows reason, facts and words of its call, as text', async () => {
  const { mock } = world;
  mock.addCall('claimed', { callerName: '<b>Ana</b>', texts: ['<img src=x onerror=alert(1)> my order'] });
  mock.claims.set('123456', 'claimed');
  const page = await claiming();
  const box = page.getByRole('textbox', { name: 'Code of the call' });
  assert.ok(await box.evaluate((node) => node === document.activeElement), 'the code can be typed at once');
  await box.pressSequentially('123 456');
  await box.press('Enter');
  await page.getByText('What was said').waitFor();
  const text = await page.locator('article').innerText();
  for (const piece of ['Order 457129 has been with the carrier since Thursday', '<img src=x onerror=alert(1)> my order', 'order number', 'Over']) {
    assert.ok(text.includes(piece), `the page does not say “${piece}”`);
  }
  assert.equal(await page.locator('article img, article b').count(), 0);
  assert.deepEqual(mock.claimed.at(-1), '123456');
  assertClean(page);
  await page.close();
});

test('wrong codes are said to be wrong, and too many to wait', async () => {
  const { mock } = world;
  const page = await claiming();
  const box = page.getByRole('textbox', { name: 'Code of the call' });
  assert.ok(await page.getByRole('button', { name: 'Show the call' }).isDisabled());
  await box.fill('999999');
  await box.press('Enter');
  await page.getByRole('alert').getByText('This code means no call').waitFor();
  assert.equal(await page.locator('article').count(), 0);
  mock.claimWait = 40;
  await box.press('Enter');
  await page.getByRole('alert').getByText('Wait for 40 seconds').waitFor();
  mock.claimWait = 0;
  assertClean(page);
  await page.close();
});

for (const width of [1440, 390]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`axe-core finds nothing serious and nothing runs off the side: ${colorScheme}, ${width} px`, async () => {
      const { mock } = world;
      mock.addCall('claimed', { callerName: 'Ana', texts: ['Where is my order?'.repeat(20)] });
      mock.claims.set('123456', 'claimed');
      const page = await claiming({ width, height: 900 }, colorScheme);
      const box = page.getByRole('textbox', { name: 'Code of the call' });
      await box.fill('1');
      await box.press('Enter');
      await page.getByRole('alert').waitFor();
      await box.fill('123456');
      await box.press('Enter');
      await page.getByText('What was said').waitFor();
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      const found = violations.filter((one) => ['serious', 'critical', 'moderate'].includes(one.impact));
      assert.deepEqual(found.map((one) => `${one.id}: ${one.nodes[0]?.html.slice(0, 160)}`), []);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${over} px too wide`);
      assertClean(page);
      await page.close();
    });
  }
}
