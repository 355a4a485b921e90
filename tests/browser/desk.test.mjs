// The agent's desk with scripted calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClean, away, scripted, until, watched } from './support.mjs';

const world = scripted();

/** A desk with a ringing phone. */
async function ringing(options = {}) {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/maria`);
  await page.waitForSelector('h1');
  const id = mock.startCall({ pickUpMs: null, ...options });
  await page.waitForSelector('[data-step=ringing]');
  return { page, id, mock };
}

/** Ends whatever goes on, so that the next test starts with an idle agent. */
async function leave({ page, id, mock }) {
  mock.end(mock.calls.get(id), 'abandoned');
  await page.close();
}

test('the card shows everything that is known while the phone rings', async () => {
  const desk = await ringing();
  const { page } = desk;
  const card = page.locator('article');
  const text = await card.innerText();
  for (const piece of [
    'Your phone is ringing',
    'Ana Popescu',
    'Order 457129 has been with the carrier since Thursday',
    'let me talk to a person',
    'this is the third time I am asking',
    'Hello Ana, I have your order 457129 here.',
    'with the carrier since Thursday',
    'Confirmed',
    'When will the order arrive?',
    'Sounds annoyed',
    'Number vouched for by the network',
    'Trunk isp',
  ]) {
    assert.ok(text.includes(piece), `the card does not say “${piece}”`);
  }
  await until('the title calls', async () => (await page.title()).includes('Ana Popescu'));
  await until('the title flashes', async () => (await page.title()).includes('ringing'));
  assert.match(await page.locator('[aria-live=assertive]').textContent(), /Incoming call\. Ana Popescu/);
  assert.equal(await page.getByRole('button', { name: 'Hang up' }).count(), 0, 'nothing to hang up before the bridge');
  assertClean(page);
  await leave(desk);
});

test('of a number that nobody vouches for, and a call without a trunk, nothing of the kind is said', async () => {
  const desk = await ringing({ network: { asserted: false, trunk: null } });
  const text = await desk.page.locator('article .who').innerText();
  assert.ok(text.includes('Ana Popescu') && !text.includes('vouched') && !text.includes('Trunk'), text);
  await leave(desk);
});

test('what was said can be heard while the call goes on', async () => {
  const desk = await ringing();
  const { page, mock } = desk;
  const heard = [];
  page.on('response', (response) => {
    if (response.url().includes('/recording?')) heard.push([new URL(response.url()).search, response.status()]);
  });
  await page.getByRole('button', { name: 'Hear order number at 0:24' }).click();
  await until('the fact is heard', () => heard.some(([query, status]) => query === '?from=24050&to=27450' && status === 200));
  await page.getByRole('button', { name: 'Hear “let me talk to a person” at 0:41' }).click();
  await until('the evidence is heard', () => heard.some(([query]) => query.startsWith('?from=41650')));
  await page.getByRole('button', { name: 'Play from 0:15' }).click();
  await until('a turn is heard', () => heard.some(([query]) => query === '?from=15450&to=17650'));
  const bars = page.getByRole('button', { name: /^Turn at/ });
  assert.equal(await bars.count(), 4, 'one bar for each turn whose tone is known');
  assert.match(await bars.last().getAttribute('aria-label'), /Turn at 0:39: annoyed, 74/);
  await bars.last().click();
  await until('a bar is heard', () => heard.some(([query]) => query === '?from=39450&to=44050'));
  assertClean(page);
  // What is not written yet is said plainly.
  mock.recordings = false;
  await page.getByRole('button', { name: 'Play from 0:07' }).click();
  await page.getByText('That stretch cannot be heard yet').waitFor();
  mock.recordings = true;
  await leave(desk);
});

test('earlier calls of the same caller are listed, newest first', async () => {
  const desk = await ringing({ caller: '+40722555132', callerName: 'Mihai Ionescu' });
  const { page } = desk;
  const rows = page.locator('section[aria-labelledby=card-earlier] a');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 3);
  const shown = await rows.allInnerTexts();
  assert.match(shown[0], /Order status/);
  assert.match(shown[1], /Opening hours/);
  assertClean(page);
  await leave(desk);
});

test('accepting while it rings connects when the phone is picked up', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByText('You are connected as soon as you pick up your phone').waitFor();
  assert.deepEqual(mock.choices.at(-1), { call: id, agent: 'maria', choice: 'accept' });
  mock.pickUp(id);
  await page.waitForSelector('[data-step=bridged]');
  assert.match(await page.locator('article').innerText(), /The caller hears you/);
  assertClean(page);
  await leave(desk);
});

test('accepting in the briefing connects at once, and hanging up takes two presses', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  mock.pickUp(id);
  await page.waitForSelector('[data-step=briefing]');
  await page.keyboard.press('a');
  await page.waitForSelector('[data-step=bridged]');
  await page.keyboard.press('h');
  await page.getByRole('button', { name: 'Again to hang up' }).waitFor();
  assert.equal(mock.choices.at(-1).choice, 'accept');
  await page.keyboard.press('h');
  await page.waitForSelector('[data-step=ended]');
  assert.equal(mock.choices.at(-1).choice, 'hang_up');
  assert.match(await page.locator('article').innerText(), /You talked for/);
  await page.keyboard.press('Enter');
  await page.getByText('You are available').waitFor();
  assertClean(page);
  await page.close();
});

test('a declined call is passed on', async () => {
  const desk = await ringing();
  const { page, mock } = desk;
  await page.keyboard.press('d');
  await page.waitForSelector('[data-step=ended]');
  assert.equal(mock.choices.at(-1).choice, 'decline');
  assert.match(await page.locator('article').innerText(), /You passed this call on/);
  assertClean(page);
  await leave(desk);
});

test('the live transcript grows while the call goes on', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  const log = page.locator('[role=log]');
  await log.getByText('let me talk to a person').waitFor();
  const call = mock.calls.get(id);
  mock.write(call, { at: mock.now(call), what: 'hearing', text: 'my e-mail is' });
  await log.getByText('my e-mail is').waitFor();
  mock.write(call, {
    at: mock.now(call),
    what: 'caller_turn',
    turn: 5,
    text: 'My e-mail is ana at example dot com.',
    confidence: 0.9,
    from: mock.now(call),
    to: mock.now(call) + 10,
    understood: null,
  });
  mock.write(call, {
    at: mock.now(call),
    what: 'fact',
    fact: { name: 'email', label: 'e-mail', value: 'ana@example.com', confidence: 0.8, confirmed: false, source: 'said', span: null },
  });
  await log.getByText('My e-mail is ana at example dot com.').waitFor();
  await page.locator('article dl').getByText('ana@example.com').waitFor();
  assertClean(page);
  await leave(desk);
});

test('a lost connection comes back and misses nothing', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  const call = mock.calls.get(id);
  await until('the page follows the call', () => [...mock.streams].some((stream) => stream.call === id));
  mock.dropStreams();
  for (const word of ['one', 'two', 'three']) {
    mock.write(call, { at: mock.now(call), what: 'bot_turn', turn: 4, node: 'x', text: `missed ${word}`, heard: `missed ${word}`, interrupted: false, from: mock.now(call), to: mock.now(call) + 1, reply_ms: null });
  }
  for (const word of ['one', 'two', 'three']) await page.locator('[role=log]').getByText(`missed ${word}`).waitFor();
  assert.equal(await page.locator('[role=log]').getByText('missed one').count(), 1, 'an entry is shown once');
  await leave(desk);
});

test('a desk that comes back shows every call that rang meanwhile', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByText('You are available').waitFor();
  let rings;
  await away(page, mock, async () => {
    for (const callerName of ['Ana Popescu', 'Dan Ionescu']) {
      const id = mock.startCall({ pickUpMs: null, callerName });
      await until('it rings', () => mock.agents.get('maria').calls[0] === id);
      mock.end(mock.calls.get(id), 'abandoned');
    }
    rings = mock.startCall({ pickUpMs: null, callerName: 'Mihai Georgescu' });
    await until('it rings', () => mock.agents.get('maria').calls[0] === rings);
  });
  await page.waitForSelector('[data-step=ringing]', { timeout: 20_000 });
  const missed = page.locator('section[aria-labelledby=missed-title] li');
  await until('both are listed', async () => (await missed.count()) === 2);
  assert.match(await missed.nth(0).innerText(), /caller hung up/);
  await page.getByRole('button', { name: 'Seen' }).click();
  await missed.first().waitFor({ state: 'detached' });
  await leave({ page, id: rings, mock });
});

test('a desk that was away too long is told to begin anew', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByText('You are available').waitFor();
  await away(page, mock, async () => {
    mock.number += 1;
    mock.gone = mock.number;
    Object.assign(mock.agents.get('maria'), { name: 'Maria Pop' });
  });
  const before = mock.requests.length;
  await page.getByRole('heading', { name: 'Maria Pop' }).waitFor({ timeout: 20_000 });
  await until('everything is fetched anew', () => mock.requests.slice(before).includes('GET /api/v1/agents'));
  Object.assign(mock.agents.get('maria'), { name: 'Maria' });
  await page.close();
});

test('a desk that is opened in mid call has the card', async () => {
  const desk = await ringing();
  await desk.page.reload();
  await desk.page.waitForSelector('[data-step=ringing]');
  await leave(desk);
});

test('the state switch tells the gateway', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByRole('radio', { name: 'Away' }).check({ force: true });
  await page.getByText('You get no calls now').waitFor();
  assert.equal(mock.agents.get('maria').state, 'away');
  await page.getByRole('radio', { name: 'Available' }).check({ force: true });
  await page.getByText('You are available').waitFor();
  assertClean(page);
  await page.close();
});

test('away has a reason, and the telephone can be chosen', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByText('You are available').waitFor();
  await page.keyboard.press('s');
  await page.getByText('You get no calls now').waitFor();
  await page.getByLabel('Why you are away').selectOption('lunch');
  await until('the gateway knows why', () => mock.agents.get('maria').reason === 'lunch');
  await page.locator('.calm .chip').getByText('Lunch').waitFor();
  await page.keyboard.press('s');
  await page.getByText('You are available').waitFor();
  assert.equal(mock.agents.get('maria').reason, null);
  await page.getByLabel('Your telephone').selectOption('browser');
  await until('the page is the telephone', () => mock.agents.get('maria').browser);
  await page.getByText('Not checked on this machine yet.').waitFor();
  await page.getByLabel('Your telephone').selectOption('desk_phone');
  await until('the telephone is the telephone', () => !mock.agents.get('maria').browser);
  assertClean(page);
  await page.close();
});

test('microphone, loudspeaker and network are looked at before the first call', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  mock.agents.get('maria').browser = true;
  await page.goto(`${mock.url}/agent/maria`);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('ms there and back').waitFor();
  await page.getByText('Quick enough.').waitFor();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.getByRole('button', { name: 'I hear it' }).click();
  await page.getByText('You hear it.').waitFor();
  await page.getByRole('button', { name: 'Listen' }).click();
  // A machine without a microphone says so; one with Chromium's test tone hears it.
  await page.getByText(/You can be heard\.|There is no microphone/).waitFor();
  await page.getByRole('button', { name: /All works|Use it as it is/ }).click();
  await page.getByText('Checked on this machine.').waitFor();
  await page.reload();
  await page.getByText('Checked on this machine.').waitFor();
  await page.evaluate(() => localStorage.removeItem('warmline.devices'));
  mock.agents.get('maria').browser = false;
  assertClean(page);
  await page.close();
});

test('knowledge fits what the caller says, and answers what the agent asks', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  const answers = page.locator('section[aria-labelledby=answers-title]');
  await answers.getByText('What if my order is late?').waitFor();
  await answers.getByText('Fits what the caller said last').waitFor();
  const call = mock.calls.get(id);
  mock.write(call, { at: mock.now(call), what: 'caller_turn', turn: 5, text: 'Can I send it back?', confidence: 0.9, from: mock.now(call), to: mock.now(call) + 10, understood: null });
  await answers.getByText('We pay the postage.').waitFor();
  await page.keyboard.press('k');
  await page.keyboard.type('open on saturday');
  await answers.getByText('Monday to Friday from eight to six').waitFor();
  await answers.getByText('1 answer').waitFor();
  assertClean(page);
  await leave(desk);
});

test('notes are saved while the agent types, and go on into the wrap-up with what came of it', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  await page.keyboard.press('a');
  mock.pickUp(id);
  await page.waitForSelector('[data-step=bridged]');
  await page.keyboard.press('n');
  await page.keyboard.type('Wants it <b>before</b> Friday.');
  await until('the notes are saved', () => mock.notes.get(id)?.[0].text === 'Wants it <b>before</b> Friday.');
  mock.end(mock.calls.get(id), 'handed_over');
  await page.waitForSelector('[data-step=ended]');
  assert.equal(await page.getByRole('textbox', { name: 'Notes' }).inputValue(), 'Wants it <b>before</b> Friday.');
  await page.getByRole('radio', { name: 'Follow-up needed' }).check({ force: true });
  await until('what came of it is saved', () => mock.notes.get(id)[0].disposition === 'follow_up');
  assert.equal(mock.notes.get(id)[0].agent, 'maria');
  assertClean(page);
  await page.close();
});

test('a turn of the bot is marked as wrong, with what it should have been', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  await page.keyboard.press('d');
  await page.waitForSelector('[data-step=ended]');
  const turn = page.locator('section[aria-labelledby=wrap-corrections] li').filter({ hasText: 'On Saturday we are open' });
  await turn.getByRole('button', { name: 'Wrong' }).click();
  const send = turn.getByRole('button', { name: 'Send to the operator' });
  assert.ok(await send.isDisabled(), 'nothing to send yet');
  await turn.getByLabel('It should have said').fill('On Saturday we are closed this month.');
  await turn.getByLabel('The caller meant').fill('opening_hours');
  await send.click();
  await turn.getByText('With the operator').waitFor();
  const made = mock.corrections[0];
  const wrong = mock.calls.get(id).entries.find((entry) => entry.seq === made.seq);
  assert.match(wrong.text, /^On Saturday we are open/);
  assert.deepEqual([made.agent, made.should_say, made.should_mean], ['maria', 'On Saturday we are closed this month.', 'opening_hours']);
  assertClean(page);
  await leave(desk);
});

test('an unknown agent, and a gateway that is down, are said plainly', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.goto(`${mock.url}/agent/nobody`);
  await page.getByText('There is no such agent').waitFor();
  mock.down = true;
  await page.goto(`${mock.url}/`);
  await page.getByText('That did not work').waitFor();
  mock.down = false;
  await page.waitForSelector('tbody tr');
  await page.close();
});

test('a caller whom the agent has is held, handed on, and sent back to the bot', async () => {
  const desk = await ringing();
  const { page, id, mock } = desk;
  await page.getByRole('button', { name: 'Accept' }).click();
  mock.pickUp(id);
  await page.waitForSelector('[data-step=bridged]');
  const last = () => mock.choices.at(-1);
  await page.keyboard.press('o');
  await until('hold is told', () => last().choice === 'hold');
  await page.keyboard.press('t');
  const whom = page.getByLabel('To whom?');
  await whom.selectOption('queue:returns');
  await page.getByRole('button', { name: 'Hand on now' }).click();
  await until('the transfer is told', () => last().choice === 'transfer');
  assert.deepEqual(last(), { call: id, agent: 'maria', choice: 'transfer', to: { queue: 'returns' } });
  await page.getByRole('button', { name: 'Back to the bot' }).click();
  await until('the bot is told', () => last().choice === 'to_bot');
  assertClean(page);
  await leave(desk);
});

/** A desk that has the caller. */
async function talking() {
  const desk = await ringing();
  await desk.page.getByRole('button', { name: 'Accept' }).click();
  desk.mock.pickUp(desk.id);
  await desk.page.waitForSelector('[data-step=bridged]');
  return { ...desk, last: () => desk.mock.choices.at(-1) };
}

test('a colleague is asked in private, joins, and gets the caller, by keyboard alone', async () => {
  const desk = await talking();
  const { page, id, mock, last } = desk;
  mock.agents.get('andrei').state = 'available';
  const colleague = await watched(world.context, mock.url);
  await colleague.goto(`${mock.url}/agent/andrei`);
  await colleague.waitForSelector('h1');

  await page.keyboard.press('c');
  await page.getByLabel('To whom?').selectOption('agent:andrei');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await until('the colleague is asked for', () => last().choice === 'consult');
  assert.deepEqual(last(), { call: id, agent: 'maria', choice: 'consult', to: { agent: 'andrei' } });
  await page.getByText('Andrei is being rung').waitFor();
  await page.getByText('The caller is on hold, with music').waitFor();
  assert.equal(await page.getByRole('button', { name: /Leave the caller to/ }).count(), 0, 'nobody is there yet');
  assert.equal(await page.getByRole('button', { name: /Hand on/ }).count(), 0, 'one at a time');
  await colleague.getByText('Maria asks you about this call').waitFor();
  assert.equal(await colleague.getByRole('button', { name: 'Accept' }).count(), 0, 'they pick up and talk');

  mock.thirdAnswers(id);
  await page.getByText('You talk with Andrei: the caller hears music').waitFor();
  await colleague.getByText('You talk with Maria: the caller does not hear you').waitFor();
  assert.equal(await colleague.getByRole('button', { name: 'Back to the bot' }).count(), 0, 'the caller is not theirs');
  await page.keyboard.press('o');
  await page.keyboard.press('j');
  await until('they join', () => last().choice === 'conference');
  assert.ok(!mock.choices.some((one) => one.choice === 'resume'), 'hold is not left by the way');
  await page.getByText('All hear each other: you, the caller and Andrei').waitFor();
  await colleague.getByText('The caller hears you, too').waitFor();
  await page.keyboard.press('l');
  await until('the caller is left', () => last().choice === 'complete');
  assertClean(page);
  assertClean(colleague);
  await colleague.close();
  mock.agents.get('andrei').state = 'away';
  await leave(desk);
});

test('whoever cannot be had is told of, and a number joins only after it was heard', async () => {
  const desk = await talking();
  const { page, id, mock, last } = desk;
  await page.getByRole('button', { name: 'Ask a colleague' }).click();
  await page.getByLabel('Or a number').fill('+40213000000');
  await page.getByRole('button', { name: 'Ask now' }).click();
  await until('the number is asked for', () => last().to?.number === '+40213000000');
  mock.thirdAnswers(id, 'no_answer');
  await page.getByText('+40213000000: no answer').waitFor();
  await page.getByText('The caller hears you').waitFor();

  await page.keyboard.press('p');
  await page.getByLabel('Number', { exact: true }).fill('+40213000000');
  await page.keyboard.press('Enter');
  await until('the number is added', () => last().choice === 'add');
  mock.thirdAnswers(id);
  await page.getByText('+40213000000 has answered: only you hear them').waitFor();
  mock.step(mock.calls.get(id), { step: 'third', agent: 'maria', third: { did: 'machine_suspected', who: '+40213000000' } });
  await page.getByText('This may be an answering machine').waitFor();
  await page.keyboard.press('r');
  await until('they are let go', () => last().choice === 'part');
  await until('it is as before', async () => (await page.getByRole('button', { name: 'Ask a colleague' }).count()) === 1);
  assertClean(page);
  await leave(desk);
});

test('the agent sees who follows the conversation, and how', async () => {
  const desk = await talking();
  const { page, id, mock } = desk;
  const call = mock.calls.get(id);
  const supervised = (did) => mock.write(call, { at: mock.now(call), what: 'supervised', who: '~sanda', name: 'Sanda', did });
  const header = page.locator('article header');
  supervised('rung');
  supervised('listens');
  await header.getByText('Sanda listens', { exact: true }).waitFor();
  supervised('whispers');
  await header.getByText('Sanda listens, and the agent alone hears them').waitFor();
  supervised('left');
  await header.getByText('Sanda').waitFor({ state: 'detached' });
  assertClean(page);
  await leave(desk);
});
