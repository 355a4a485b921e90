// The supervisors' wall with scripted calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted();

test('the wall shows calls, waits, agents and reasons as they change', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/wall`);
  const figure = (name) => page.locator('.big div').filter({ hasText: name }).locator('dd');
  const says = (name, text) => until(`${name}: ${text}`, async () => (await figure(name).innerText()) === text);
  await says('Waiting for a human', '0');
  await says('Longest wait', '–');
  await says('Agents free', '1/2');
  await says('Within 20 s today', '50%');
  const toCall = page.locator('section[aria-labelledby=wall-callbacks]');
  await toCall.getByRole('button', { name: /^Done: / }).first().click();
  await toCall.getByText('Nobody waits for a callback.').waitFor();
  assert.match(await page.locator('section[aria-labelledby=wall-today]').innerText(), /Asked for a human/);

  const id = mock.startCall({ pickUpMs: null });
  await says('With the bot', '1');
  await says('Waiting for a human', '1');
  const orders = page.locator('tr').filter({ hasText: 'orders' });
  await until('the queue has somebody', async () => (await orders.locator('td').first().innerText()) === '1');
  await page.locator('.people .ringing').getByText('Maria').waitFor();
  await says('Agents free', '0/2');
  mock.pickUp(id);
  mock.choose(mock.calls.get(id), 'accept');
  await says('Talking', '1');
  await says('Waiting for a human', '0');
  await page.locator('.people .busy').getByText('Maria').waitFor();
  mock.end(mock.calls.get(id), 'handed_over');
  await says('Talking', '0');
  assertClean(page);
  await page.close();
});

test('a message that a caller left is heard and taken off the list', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  const heard = [];
  page.on('response', (response) => {
    if (response.url().includes('/recording?')) heard.push([new URL(response.url()).search, response.status()]);
  });
  await page.goto(`${mock.url}/wall`);
  const messages = page.getByRole('region', { name: 'Messages' });
  const hear = messages.getByRole('button', { name: 'Hear the message of Laura Schmidt' });
  assert.match(await hear.innerText(), /0:22/);
  await hear.press('Enter');
  // A quarter of a second before it, and a little after.
  await until('the message is heard', () => heard.some(([query, status]) => query === '?from=69750&to=92350' && status === 200));
  await messages.getByRole('button', { name: 'Stop the message of Laura Schmidt' }).press('Enter');
  await hear.waitFor();
  await messages.getByRole('button', { name: 'Done: the message of Laura Schmidt' }).press('Enter');
  await messages.getByText('No message waits to be heard.').waitFor();
  assert.deepEqual([...mock.waiting.heard.values()], ['done']);
  mock.waiting.heard.clear();
  assertClean(page);
  await page.close();
});

test('an entry that takes several calls shows how many it has', async () => {
  const { mock, context } = world;
  const pbx = { id: 'pbx', name: 'Service desk', queues: ['orders'], languages: [], browser: false, desk_phone: true, reason: null, state: 'available', calls: ['a', 'b'], capacity: 5, free: 3 };
  mock.agents.set('pbx', pbx);
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/wall`);
  await page.locator('.people .available').filter({ hasText: 'Service desk' }).getByText('2 of 5 calls').waitFor();
  const orders = page.locator('tr').filter({ hasText: 'orders' });
  await until('the queue counts its calls', async () => (await orders.locator('td').nth(2).innerText()) === '4/6');
  Object.assign(pbx, { state: 'busy', calls: ['a', 'b', 'c', 'd', 'e'], free: 0 });
  await page.locator('.people .busy').getByText('5 of 5 calls').waitFor();
  mock.agents.delete('pbx');
  assertClean(page);
  await page.close();
});

test('an agent whose page is closed is not counted as there', async () => {
  const { mock, context } = world;
  const maria = mock.agents.get('maria');
  maria.state = 'closed';
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/wall`);
  await page.locator('.people .closed').getByText('Page closed').waitFor();
  await until('nobody is free', async () => (await page.locator('.big div').filter({ hasText: 'Agents free' }).locator('dd').innerText()) === '0/1');
  maria.state = 'available';
  assertClean(page);
  await page.close();
});

test('a wait above the target stands out, and a lost connection comes back with what goes on', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  mock.serviceLevel = 1;
  const id = mock.startCall({ pickUpMs: null, alreadyMs: 49_200 });
  await page.goto(`${mock.url}/wall`);
  await until('the wait is late', async () => (await page.locator('.big .late dt').allInnerTexts()).includes('Longest wait'));
  mock.serviceLevel = 20;
  mock.dropStreams();
  const call = mock.calls.get(id);
  mock.write(call, { at: mock.now(call), what: 'owner', owner: { who: 'ended' } });
  mock.write(call, { at: mock.now(call), what: 'ended', outcome: 'abandoned' });
  await page.getByText('Nobody is calling right now').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.locator('.big').waitFor();
  assertClean(page);
  await page.close();
});

test('a conversation is followed from the wall and from its own page', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/wall`);
  const id = mock.startCall({ pickUpMs: null });
  await until('the phone rings', () => mock.calls.get(id).state === 'ringing');
  assert.equal(await page.getByRole('button', { name: /Follow/ }).count(), 0, 'there is no conversation yet');
  mock.pickUp(id);
  mock.choose(mock.calls.get(id), 'accept');
  await page.getByRole('button', { name: 'Follow the conversation of Ana Popescu' }).click();
  await page.getByRole('region', { name: 'Follow this conversation' }).getByText('Ana Popescu · Maria').waitFor();
  for (const [key, mode] of [['l', 'listen'], ['w', 'whisper'], ['j', 'join']]) {
    await page.keyboard.press(key);
    await until(`${mode} is told`, () => mock.supervisions.some((one) => one.mode === mode));
    // This browser has no microphone: nothing rings on, and the page says why.
    await until(`${mode} has ended`, () => mock.supervisions.at(-1).mode === 'end');
    await page.getByText('microphone').first().waitFor();
  }
  assert.deepEqual(mock.supervisions[0], { call: id, mode: 'listen', phone: 'page' });
  await page.goto(`${mock.url}/calls/${id}`);
  await page.getByRole('button', { name: 'Whisper' }).click();
  await until('the page tells, too', () => mock.supervisions.filter((one) => one.mode === 'whisper').length === 2);
  mock.end(mock.calls.get(id), 'handed_over');
  await page.getByRole('button', { name: 'Whisper' }).waitFor({ state: 'detached' });
  await page.close();
});
