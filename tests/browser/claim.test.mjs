// The page where somebody types the claim code of a call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS, findings, seenAs } from './looks.mjs';
import { assertClean, scripted, watched } from './support.mjs';

const world = scripted();

async function claiming(view = VIEWS[0]) {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await seenAs(page, view);
  await page.goto(`${mock.url}/claim`);
  await page.getByRole('textbox').waitFor();
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

for (const view of VIEWS) {
  test(`axe-core finds nothing serious and nothing runs off the side: ${view.name}`, async () => {
    const { mock } = world;
    mock.addCall('claimed', { callerName: 'Ana', texts: ['Where is my order?'.repeat(20)] });
    mock.claims.set('123456', 'claimed');
    const page = await claiming(view);
    const box = page.getByRole('textbox');
    await box.fill('1');
    await box.press('Enter');
    await page.getByRole('alert').waitFor();
    const found = await findings(page, 'wrong code');
    await box.fill('123456');
    await box.press('Enter');
    await page.locator('article').waitFor();
    assert.deepEqual([...found, ...(await findings(page, 'claimed'))], []);
    assertClean(page);
    await page.close();
  });
}
