// The page where a caller calls, before there is a call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClean, scripted, until, watched } from './support.mjs';

const world = scripted();

/** The browser asks the person for the microphone, and they take their time. */
const ASKED = `
  navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => {
    window.__allow = () => {
      window.__stream = new AudioContext().createMediaStreamDestination().stream;
      resolve(window.__stream);
    };
  });
`;

test('whoever hangs up before they allow the microphone does not call, and it is off again', async () => {
  const { mock, context } = world;
  const page = await watched(context, mock.url);
  await page.addInitScript(ASKED);
  await page.goto(`${mock.url}/call`);
  await page.getByRole('button', { name: 'Call now' }).click();
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.waitForSelector('[data-state=ended]');
  await page.evaluate(() => window.__allow());
  await until('the microphone is off', () => page.evaluate(() => window.__stream.getTracks().every(({ readyState }) => readyState === 'ended')));
  assert.equal(await page.locator('[data-state]').getAttribute('data-state'), 'ended');
  assert.ok(!mock.requests.some((request) => request.includes('web-calls')), 'the gateway has heard of nothing');
  assertClean(page);
  await page.close();
});
