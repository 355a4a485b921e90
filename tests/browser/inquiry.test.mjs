// The bot asks an agent one line on their page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS, findings, seenAs } from './looks.mjs';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted();

const QUESTION = 'Can order 457129 still be <b>sent back</b>?';

const inquiry = (by = 'screen') => ({
  question: QUESTION,
  suggestions: [
    { name: 'yes', text: 'Yes, until Friday.' },
    { name: 'no', text: '<img src=x onerror=alert(1)>' },
  ],
  by,
  until: 105_000,
});

async function asked(view = VIEWS[0], by = 'screen') {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await seenAs(page, view);
  await page.goto(`${mock.url}/agent/maria`);
  await page.waitForSelector('h1');
  const id = mock.startCall({ pickUpMs: null, inquiry: inquiry(by) });
  await page.getByText(QUESTION).waitFor();
  return { page, id, mock };
}

async function leave({ page, id, mock }) {
  mock.end(mock.calls.get(id), 'contained');
  Object.assign(mock.agents.get('maria'), { state: 'available', calls: [] });
  await page.close();
}

test('the question is on the card, as text, and an answer at hand is one press', async () => {
  const desk = await asked();
  const { page, id, mock } = desk;
  const card = page.locator('article');
  const text = await card.innerText();
  for (const piece of [QUESTION, 'A question for you', 'The caller waits with the assistant', '<img src=x onerror=alert(1)>', 'Take the call', 'I cannot say']) {
    assert.ok(text.includes(piece), `the card does not say “${piece}”`);
  }
  assert.equal(await card.locator('.ask b, .ask img').count(), 0, 'words of the flow are no markup');
  await page.getByRole('button', { name: 'Yes, until Friday.' }).click();
  await page.getByText('Your answer is being told to the caller').waitFor();
  assert.deepEqual(mock.answers.at(-1), { call: id, agent: 'maria', suggestion: 'yes' });
  assertClean(page);
  await leave(desk);
});

test('an answer in own words is sent by keyboard, and is capped', async () => {
  const desk = await asked(VIEWS[0], 'ear');
  const { page, id, mock } = desk;
  assert.match(await page.locator('article').innerText(), /Say it on the phone, or answer here/);
  const field = page.getByRole('textbox', { name: 'Answer in your own words' });
  await field.fill('x'.repeat(400));
  assert.equal((await field.inputValue()).length, 300);
  await field.fill('   ');
  assert.ok(await page.getByRole('button', { name: 'Send' }).isDisabled());
  await field.fill('Yes, <i>until</i> Friday');
  // Keys in the field are letters, not commands of the page.
  await field.press('d');
  await field.press('Enter');
  await until('the answer arrives', () => mock.answers.at(-1)?.text === 'Yes, <i>until</i> Fridayd');
  assert.equal(mock.answers.at(-1).call, id);
  assert.notEqual(mock.choices.at(-1)?.call, id);
  assertClean(page);
  await leave(desk);
});

test('the call can be taken instead, and a question that is over is said to be', async () => {
  const desk = await asked();
  const { page, id, mock } = desk;
  await page.getByRole('button', { name: 'Take the call' }).click();
  await until('the call is taken', () => mock.choices.at(-1)?.call === id && mock.choices.at(-1).choice === 'accept');
  mock.calls.get(id).inquiry = null;
  await page.getByRole('button', { name: 'Yes, until Friday.' }).click();
  await page.getByText('The answer was not taken').waitFor();
  assertClean(page);
  await leave(desk);
});

for (const view of VIEWS) {
  test(`axe-core finds nothing serious and nothing runs off the side: ${view.name}`, async () => {
    const desk = await asked(view);
    assert.deepEqual(await findings(desk.page, 'asked'), []);
    assertClean(desk.page);
    await leave(desk);
  });
}
