// What every browser test needs: a page that tattles, and waiting for things instead of for time.

import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { launch } from './chrome.mjs';
import { contract } from './contract.mjs';
import { startMock } from './mock/server.mjs';

/** Scripted calls run this much faster than life: the phone rings after about a second. */
export const SPEED = 40;

/** A server with scripted calls and a browser for the tests of one file. */
export function scripted(options = {}) {
  const world = {};
  let browser;
  before(async () => {
    world.mock = await startMock({ speed: SPEED, accounts: options.accounts ?? false });
    world.mock.contract = contract();
    browser = await launch(options);
    world.context = browser.context;
    await world.context.newPage();
  });
  // A test that failed must not keep connections, or a ringing agent, from the next one.
  afterEach(async () => {
    await Promise.all(world.context.pages().slice(1).map((page) => page.close()));
    world.mock.endAll();
  });
  after(async () => {
    await browser?.close();
    await world.mock?.close();
    // With a gateway at hand (`WARMLINE_BIN`): whatever was said in these tests is what its document says.
    assert.deepEqual([...(world.mock?.contract?.wrong ?? [])], []);
  });
  return world;
}

/** A new page that notes everything that must not happen. */
export async function watched(context, origin) {
  const page = await context.newPage();
  const seen = { console: [], errors: [], dialogs: [], foreign: [], violations: [] };
  // A refused request is the page's business (it shows it), and Chromium's own line about it is no error of the page.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource')) seen.console.push(message.text());
  });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('dialog', (dialog) => {
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) seen.foreign.push(request.url());
  });
  await page.exposeFunction('__violation', (text) => seen.violations.push(text));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => window.__violation(`${event.violatedDirective} ${event.blockedURI}`));
  });
  page.seen = seen;
  return page;
}

/** Nothing that must not happen has happened. */
export function assertClean(page) {
  assert.deepEqual(page.seen, { console: [], errors: [], dialogs: [], foreign: [], violations: [] });
}

/** Waits until `probe` gives something truthy, asking again at each turn of the event loop's clock; fails with `what` at the deadline. */
export async function until(what, probe, limitMs = 15_000) {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (performance.now() > end) assert.fail(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Loses the connection of everything, and keeps it lost while something happens. */
export async function away(page, mock, happens) {
  mock.down = true;
  mock.dropStreams();
  await page.locator('.link.lost').first().waitFor();
  await happens();
  mock.down = false;
}

/** The seconds of the page's audio element. */
export function audioTime(page) {
  return page.evaluate(() => document.querySelector('audio').currentTime);
}
