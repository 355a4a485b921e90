// People with accounts: signing in and out, the first password, and what administrators do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS, findings, seenAs, shot } from './looks.mjs';
import { DEMO, LINK, PASSWORD } from './mock/people.mjs';
import { assertClean, scripted, watched } from './support.mjs';

const world = scripted({ accounts: true });
async function opened(path, who = null) {
  const { mock, context } = world;
  mock.people.me = null;
  if (who !== null) mock.people.enter({ writeHead() {}, end() {} }, who);
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}${path}`);
  return page;
}

async function signIn(page, name, password) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
}

test('nobody sees a page before they have signed in, and they come to the one that they wanted', async () => {
  const page = await opened('/calls/demo');
  await page.waitForSelector('h1:text("Sign in")');
  assert.equal(await page.locator('nav').count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('autocomplete')), 'username');
  await signIn(page, 'ada', 'a wrong password');
  await page.getByRole('alert').waitFor();
  assert.match(await page.getByRole('alert').innerText(), /Name or password is wrong/);
  await signIn(page, 'ada', PASSWORD);
  await page.waitForSelector('path.wave.caller[d^="M"]');
  // And out again, from the menu, by keyboard.
  await page.getByLabel('Your account: ada').press('Enter');
  await page.getByRole('button', { name: 'Sign out', exact: true }).press('Enter');
  await page.waitForSelector('h1:text("Sign in")');
  assertClean(page);
  await page.close();
});

test('an agent comes to their desk, and to nobody else’s', async () => {
  const page = await opened('/');
  await signIn(page, '<b>maria</b>', PASSWORD);
  await page.waitForURL('**/agent/maria');
  await page.waitForSelector('.calm');
  for (const path of ['/agent/andrei', '/accounts', '/audit', '/privacy']) {
    await page.goto(`${world.mock.url}${path}`);
    await page.waitForSelector('h1:text("Your account does not show this")');
  }
  assertClean(page);
  await page.close();
});

test('a demonstration says that it is one, and fills in the account that is pressed', async () => {
  world.mock.people.demo = DEMO;
  try {
    const page = await opened('/');
    await page.waitForSelector('h2:text("This is a demo")');
    assert.equal(await page.locator('.demo code').innerText(), PASSWORD);
    await page.getByRole('button', { name: 'Fill in ada, Administrator' }).press('Enter');
    assert.equal(await page.getByLabel('Name').inputValue(), 'ada');
    // The focus is where the next key signs in.
    await page.keyboard.press('Enter');
    await page.waitForSelector('tbody tr');
    assert.match(await page.locator('header .chip').innerText(), /Demo/);
    await page.getByLabel('Your account: ada').press('Enter');
    await page.locator('.menu').getByText('everybody on this machine').waitFor();
    assertClean(page);
    await page.close();
  } finally {
    world.mock.people.demo = null;
  }
});

test('a session that ends elsewhere ends on the page', async () => {
  const page = await opened('/agents', 'ada');
  await page.waitForSelector('[data-agent]');
  world.mock.people.me = null;
  await page.waitForSelector('h1:text("Sign in")');
  await page.close();
});

test('the first password is chosen with a link that is not left in the address', async () => {
  const page = await opened(`/welcome#${LINK}`);
  await page.waitForSelector('h1:text("Welcome, ada")');
  assert.equal(new URL(page.url()).hash, '');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('The same again').fill('something else');
  await page.keyboard.press('Enter');
  assert.match(await page.getByRole('alert').innerText(), /not the same/);
  await page.getByLabel('The same again').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('tbody tr');
  await page.goto(`${world.mock.url}/welcome#${LINK}`);
  await page.waitForSelector('h1:text("This link is used up")');
  assertClean(page);
  await page.close();
});

test('an administrator makes, changes and removes accounts', async () => {
  const page = await opened('/accounts', 'ada');
  const line = (name) => page.locator('main li', { hasText: name });
  await line('<b>maria</b>').waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill('eva');
  await page.getByLabel('Role', { exact: true }).selectOption('operator');
  await page.getByRole('button', { name: 'Create' }).click();
  await line('eva').waitFor();
  assert.match(await page.getByRole('status').last().innerText(), /welcome#f{64}/);
  await line('eva').getByRole('button', { name: 'Lock' }).click();
  await line('eva').getByText('Locked').waitFor();
  await line('eva').getByRole('button', { name: 'Remove' }).click();
  await line('eva').getByRole('button', { name: 'Again to remove' }).click();
  await line('eva').waitFor({ state: 'detached' });
  assertClean(page);
  await page.close();
});

for (const view of VIEWS) {
  test(`axe-core finds nothing serious and nothing runs off the side: ${view.name}`, async () => {
    const { mock, context } = world;
    mock.people.me = null;
    const page = await watched(context, mock.url);
    await seenAs(page, view);
    await page.goto(`${mock.url}/`);
    const found = [];
    const look = async (name, ready) => {
      await page.waitForSelector(ready);
      found.push(...(await findings(page, name)));
      await shot(page, name, view);
    };
    const enter = async (name, password) => {
      await page.locator('[autocomplete=username]').fill(name);
      await page.locator('[type=password]').fill(password);
      await page.keyboard.press('Enter');
    };
    await look('sign in', '[autocomplete=username]');
    mock.people.demo = DEMO;
    await page.reload();
    await look('sign in, demo', '.demo');
    mock.people.demo = null;
    await page.reload();
    await enter('ada', 'a wrong password');
    await look('sign in, wrong', '[role=alert]');
    await enter('ada', PASSWORD);
    await page.waitForSelector('tbody tr');
    await page.locator('header details summary').click();
    await look('menu', 'details[open] .menu');
    for (const [path, ready] of [['/account', 'fieldset'], ['/accounts', 'main li'], ['/audit', 'tbody tr'], ['/agents', '[data-agent]']]) {
      await page.goto(`${mock.url}${path}`);
      await look(path.slice(1), ready);
    }
    mock.people.linked = false;
    await page.goto(`${mock.url}/welcome#${LINK}`);
    await look('welcome', '[autocomplete=new-password]');
    assert.deepEqual(found, []);
    assertClean(page);
    await page.close();
  });
}
