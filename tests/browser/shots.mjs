// Takes pictures of every page from the scripted calls: `node shots.mjs FOLDER`.
// With `--docs`, only the two pictures of the README; with WARMLINE_BIN set as well, of a real call.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chrome.mjs';
import { gateway, offered } from './gateway.mjs';
import { startMock } from './mock/server.mjs';

const folder = process.argv[2] ?? 'shots';
const SETTLE_MS = 300;
await mkdir(folder, { recursive: true });
if (process.argv.includes('--docs')) await docs();
else {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1440, 390]) await everything(colorScheme, width);
  }
}

/** The agent's card while the phone rings, and the page of the call. */
async function docs() {
  const real = offered() ? await gateway() : null;
  const mock = real ? null : await startMock();
  const url = real?.url ?? mock.url;
  const { context, close } = await launch({ viewport: { width: 1440, height: 1010 } });
  const page = await context.newPage();
  await page.goto(`${url}/agent/${real?.agent ?? 'maria'}`);
  await page.waitForSelector('h1');
  await real?.call();
  mock?.startCall({ pickUpMs: null, alreadyMs: 49_200 });
  await page.waitForSelector('[data-step=ringing]', { timeout: 180_000 });
  await page.waitForTimeout(real ? 1_200 : SETTLE_MS);
  await page.screenshot({ path: join(folder, 'agent-card.png') });
  let id = 'demo';
  if (real) {
    await page.waitForSelector('[data-step=ended]', { timeout: 180_000 });
    id = /calls\/(.*)$/.exec(await page.locator('footer a').getAttribute('href'))[1];
  }
  await page.setViewportSize({ width: 1440, height: 1240 });
  await call(page, url, id);
  await page.screenshot({ path: join(folder, 'call.png') });
  await page.goto(`${url}/wall`);
  await page.waitForSelector('.people li');
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(folder, 'wall.png') });
  await close();
  await mock?.close();
  await real?.close();
}

/** The page of a call, at the moment of the decision. */
async function call(page, url, id) {
  await page.goto(`${url}/calls/${id}`);
  await page.waitForSelector('path.wave.caller[d^="M"]');
  const slider = page.locator('[role=slider]');
  const box = await slider.boundingBox();
  const at = await page.locator('circle.decision.escalate').getAttribute('cx');
  await slider.click({ position: { x: Number(at) - box.width * 0.03, y: 60 } });
  await page.mouse.move(box.x, box.y - 60);
  await page.waitForTimeout(3 * SETTLE_MS);
}

async function everything(colorScheme, width) {
  const mock = await startMock();
  const { context, close } = await launch({ colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });
  const page = await context.newPage();
  const shot = async (name, fullPage = true) => {
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage });
  };
  const open = async (path, ready) => {
    await page.goto(`${mock.url}${path}`);
    await page.waitForSelector(ready);
  };

  await call(page, mock.url, 'demo');
  await shot('call');
  await open('/agent/maria', 'h1');
  await shot('desk-idle');
  const id = mock.startCall({ pickUpMs: null, alreadyMs: 49_200 });
  await page.waitForSelector('[data-step=ringing]');
  await shot('desk-ringing', false);
  await shot('desk-ringing-full');
  await page.keyboard.press('a');
  await shot('desk-accepted', false);
  mock.pickUp(id);
  await page.waitForSelector('[data-step=bridged]');
  await shot('desk-bridged', false);
  await open(`/calls/${id}`, '[role=log] .turn');
  await shot('call-live');
  await open('/', 'table');
  await shot('calls');
  await page.keyboard.press('?');
  await shot('shortcuts', false);
  await open('/agent/maria', '[data-step=bridged]');
  await page.keyboard.press('h');
  await page.keyboard.press('h');
  await page.waitForSelector('[data-step=ended]');
  await shot('desk-wrap');
  await open('/agents', '[data-agent]');
  await shot('agents');
  mock.startCall({ pickUpMs: null, alreadyMs: 49_200 });
  await open('/wall', '.people li');
  await shot('wall');
  await open('/calls/none', 'h1');
  await shot('lost');
  await close();
  await mock.close();
}
