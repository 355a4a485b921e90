// Privacy: a number searched, exported, erased with a question in between; receipts; holds; what a call's page says of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS, findings, seenAs, shot } from './looks.mjs';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted({ accounts: true });

async function opened(path, who = 'ada') {
  const { mock, context } = world;
  mock.people.enter({ writeHead() {}, end() {} }, who);
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}${path}`);
  return page;
}

/** An ended call that has a number. */
const known = () => [...world.mock.calls.values()].find((call) => call.head?.state === 'ended' && call.head.id !== 'demo' && call.head.caller.startsWith('+')).head;

async function search(page, number) {
  await page.getByLabel('Caller’s number').fill(number);
  await page.keyboard.press('Enter');
}

test('a number is searched, exported, and erased when it was typed once more', async () => {
  const page = await opened('/privacy');
  const { caller } = known();
  const before = world.mock.privacy.receipts.length;
  await search(page, '+4');
  assert.match(await page.getByRole('alert').innerText(), /no number/);
  await search(page, '+40999');
  await page.getByText('Nothing is kept of this number.').waitFor();
  await search(page, caller);
  await page.getByRole('heading', { name: caller }).waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export as ZIP' }).click()]);
  assert.equal(download.suggestedFilename(), 'export.zip');

  await page.getByRole('button', { name: 'Erase…' }).click();
  const dialog = page.getByRole('dialog');
  const erase = dialog.getByRole('button', { name: 'Erase for good' });
  assert.ok(await erase.isDisabled(), 'not before the number was typed');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(world.mock.privacy.receipts.length, before, 'nothing was erased');

  await page.getByRole('button', { name: 'Erase…' }).click();
  await page.keyboard.type(`${caller.slice(0, 4)} ${caller.slice(4)}`);
  await page.keyboard.press('Enter');
  await page.getByText('Erased.').waitFor();
  assert.equal(world.mock.privacy.receipts.length, before + 1);
  await until('the receipt is listed', async () => (await page.locator('tbody tr').count()) === before + 1);
  assert.deepEqual(world.mock.privacy.asked.at(-1), ['erase', caller]);
  assertClean(page);
  await page.close();
});

test('a call that goes on is not erased, and it is said why', async () => {
  const page = await opened('/privacy');
  const id = world.mock.startCall({ caller: '+40721000999', pickUpMs: null });
  await page.waitForFunction(async (id) => (await (await fetch('/api/v1/calls')).json()).calls.some((call) => call.id === id), id);
  await search(page, '+40721000999');
  await page.getByRole('button', { name: 'Erase…' }).click();
  await page.keyboard.type('+40721000999');
  await page.keyboard.press('Enter');
  assert.match(await page.getByRole('alert').innerText(), /goes on/);
  assertClean(page);
  await page.close();
});

test('a call’s page says what was announced, struck out and kept, and holds it', async () => {
  const page = await opened('/calls/demo');
  const card = page.locator('section', { has: page.locator('#compliance-title') });
  await card.getByText('The call is recorded').waitFor();
  await card.getByText('Consent to the recording').waitFor();
  await card.getByText('card number').waitFor();
  await card.getByText('How long it is kept').click();
  assert.match(await card.innerText(), /Recordings\s*until/);
  await card.getByLabel('Hold for legal reasons').fill('Case 7/2026');
  await page.keyboard.press('Enter');
  await card.getByText('Case 7/2026').waitFor();
  await card.getByRole('button', { name: 'Lift the hold' }).click();
  await card.getByLabel('Hold for legal reasons').waitFor();
  assertClean(page);
  await page.close();
});

test('agents see neither the page nor the way to it', async () => {
  const page = await opened('/privacy', '<b>maria</b>');
  await page.waitForSelector('h1:text("Your account does not show this")');
  await page.getByLabel('Your account: <b>maria</b>').click();
  assert.equal(await page.getByRole('link', { name: 'Privacy' }).count(), 0);
  assertClean(page);
  await page.close();
});

for (const view of VIEWS) {
  test(`axe-core finds nothing serious and nothing runs off the side: ${view.name}`, async () => {
    const page = await opened('/');
    await seenAs(page, view);
    const found = [];
    const look = async (name) => {
      found.push(...(await findings(page, name)));
      // What can be pressed can be seen without moving a table.
      for (const link of await page.locator('.table a').all()) {
        const box = await link.boundingBox();
        if (box !== null && box.x + box.width > view.width) found.push(`${name}: “${await link.innerText()}” is off the side`);
      }
      await shot(page, `privacy-${name}`, view, name !== 'erase');
    };
    await page.goto(`${world.mock.url}/privacy`);
    await page.waitForSelector('tbody tr');
    await page.locator('input').first().fill(known().caller);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.actions .danger');
    await look('found');
    await page.locator('.actions .danger').first().click();
    await page.waitForSelector('dialog[open]');
    await look('erase');
    await page.goto(`${world.mock.url}/calls/demo`);
    await page.waitForSelector('#compliance-title');
    for (const summary of await page.locator('section:has(#compliance-title) summary').all()) await summary.click();
    await look('call');
    assert.deepEqual(found, []);
    assertClean(page);
    await page.close();
  });
}
