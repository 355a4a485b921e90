// The whole path in a browser: a real call through a real gateway reaches the desk while the phone rings, is accepted on the page, and can be heard afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch } from './chrome.mjs';
import { gateway, NO_GATEWAY, offered } from './gateway.mjs';
import { assertClean, audioTime, until, watched } from './support.mjs';

/** From the start of the call to the agent's ringing phone: the caller asks two questions before. */
const CALL_LIMIT_MS = 180_000;

test('a real call reaches the agent’s desk and can be heard afterwards', { skip: offered() ? false : NO_GATEWAY }, async (t) => {
  let world;
  let browser;
  t.before(async () => {
    world = await gateway();
    browser = await launch();
  });
  t.after(async () => {
    await browser?.close();
    await world?.close();
  });
  let id;

  await t.test('the card appears while the phone rings', async () => {
    const page = await watched(browser.context, world.url);
    world.page = page;
    await page.goto(`${world.url}/agent/${world.agent}`);
    await page.waitForSelector('h1');
    await world.enter(page, world.agent);
    await page.waitForSelector('.desk-page, .calm, article');
    await world.call();
    await page.waitForSelector('[data-step=ringing]', { timeout: CALL_LIMIT_MS });
    assert.ok((await page.locator('#card-reason').innerText()).trim().length > 10, 'the card says what the call is about');
    assert.ok((await page.locator('article .quotes li').count()) > 0, 'and why now');
    await until('the live transcript has the conversation', async () => (await page.locator('[role=log] li.turn').count()) >= 4);
  });

  await t.test('accepting on the page connects', async () => {
    const { page } = world;
    const answer = page.waitForResponse((response) => response.url().endsWith('/choice'));
    await page.keyboard.press('a');
    const response = await answer;
    assert.equal(response.status(), 202);
    id = /calls\/([^/]+)\/choice/.exec(response.url())[1];
    await page.waitForSelector('[data-step=bridged]', { timeout: 60_000 });
  });

  const api = async (path) => (await world.page.request.get(`${world.url}/api/v1${path}`)).json();

  await t.test('what the flows know is found, and notes are kept while the call goes on', async () => {
    const { page } = world;
    await page.keyboard.press('k');
    await page.keyboard.type('how long does delivery take');
    const answers = page.locator('section[aria-labelledby=answers-title]');
    await answers.getByText(/working days|delivered|deliver/i).first().waitFor({ timeout: 30_000 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await page.keyboard.type('Wants it before Friday.');
    await until('the notes are kept', async () => (await api(`/calls/${id}/notes`)).notes[0]?.text === 'Wants it before Friday.');
    await page.keyboard.press('Escape');
  });

  await t.test('the transcript grows on the call’s page until the call ends', async () => {
    const page = await watched(browser.context, world.url);
    await page.goto(`${world.url}/calls/${id}`);
    await page.waitForSelector('li.turn');
    await world.page.keyboard.press('h');
    await world.page.keyboard.press('h');
    await world.page.waitForSelector('[data-step=ended]', { timeout: 60_000 });
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor({ timeout: 30_000 });
    world.call = page;
  });

  await t.test('what came of it, and what the bot should have said, are on record', async () => {
    const { page } = world;
    await page.locator('article').getByRole('radio').first().check({ force: true });
    const turn = page.locator('section[aria-labelledby=wrap-corrections] li').first();
    await turn.getByRole('button', { name: 'Wrong' }).click();
    await turn.getByLabel('It should have said').fill('Good morning.');
    await turn.getByRole('button', { name: 'Send to the operator' }).click();
    await turn.getByText('With the operator').waitFor();
    const [notes] = await until('what came of it is kept', async () => {
      const { notes: all } = await api(`/calls/${id}/notes`);
      return all[0].disposition !== null && all;
    });
    assert.deepEqual([notes.agent, notes.text], [world.agent, 'Wants it before Friday.']);
    const { corrections } = await api(`/calls/${id}/corrections`);
    const { entries } = await api(`/calls/${id}`);
    const wrong = entries.find(({ seq }) => seq === corrections[0].seq);
    assert.deepEqual([corrections.length, corrections[0].agent, corrections[0].should_say, wrong.what], [1, world.agent, 'Good morning.', 'bot_turn']);
  });

  await t.test('the recording plays and seeks', async () => {
    const page = world.call;
    await until('both waveforms are drawn', async () => {
      const drawn = await page.locator('path.wave').evaluateAll((all) => all.filter((one) => (one.getAttribute('d') ?? '').length > 200).length);
      return drawn === 2;
    });
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await until('the sound goes on', async () => (await audioTime(page)) > 0.3);
    const slider = page.getByRole('slider', { name: 'Position in the call' });
    const box = await slider.boundingBox();
    await slider.click({ position: { x: box.width / 2, y: 60 } });
    const duration = await page.evaluate(() => document.querySelector('audio').duration);
    const middle = await audioTime(page);
    assert.ok(Math.abs(middle - duration / 2) < duration * 0.05 + 1, `the middle of ${duration} s is not ${middle}`);
    assert.ok((await page.locator('circle.decision.escalate').count()) === 1, 'the decision is on the timeline');
    assertClean(page);
    assertClean(world.page);
  });
});
