// Takes pictures of every page from the scripted calls: `node shots.mjs FOLDER`. With `--docs`, the two pictures of the README.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chrome.mjs';
import { startMock } from './mock/server.mjs';

const folder = process.argv[2] ?? 'shots';
const docs = process.argv.includes('--docs');
await mkdir(folder, { recursive: true });

const looks = docs
  ? [['light', 1440]]
  : [
      ['light', 1440],
      ['dark', 1440],
      ['light', 390],
      ['dark', 390],
    ];
for (const [colorScheme, width] of looks) {
  const mock = await startMock();
  const { context, close } = await launch({ colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });
  const page = context.pages()[0] ?? (await context.newPage());
  const shot = (name, fullPage = true) => page.screenshot({ path: join(folder, `${name}${docs ? '' : `-${width}-${colorScheme}`}.png`), fullPage });

  await page.goto(`${mock.url}/calls/demo`);
  await page.waitForSelector('path.wave.caller[d^="M"]');
  await page.locator('[role=slider]').click({ position: { x: (await page.locator('[role=slider]').boundingBox()).width * 0.43, y: 60 } });
  await page.waitForTimeout(900);
  if (docs) await page.setViewportSize({ width, height: 1240 });
  await shot('call', !docs);
  await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });

  await page.goto(`${mock.url}/agent/maria`);
  await page.waitForSelector('h1');
  await page.waitForTimeout(200);
  if (!docs) await shot('desk-idle');
  const id = mock.startCall({ pickUpMs: null, alreadyMs: 49_200 });
  if (docs) await page.setViewportSize({ width, height: 1010 });
  await page.waitForSelector('[data-step=ringing]');
  await page.locator('[role=log]').getByText('I am calling my colleague').waitFor();
  await page.waitForTimeout(300);
  await shot(docs ? 'agent-card' : 'desk-ringing', false);
  if (docs) {
    await close();
    await mock.close();
    continue;
  }
  await shot('desk-ringing-full');
  await page.keyboard.press('a');
  await page.waitForTimeout(150);
  await shot('desk-accepted', false);
  mock.pickUp(id);
  await page.waitForSelector('[data-step=bridged]');
  await shot('desk-bridged', false);
  await page.goto(`${mock.url}/calls/${id}`);
  await page.waitForSelector('[role=log] .turn');
  await shot('call-live');
  await page.goto(`${mock.url}/`);
  await page.waitForSelector('table');
  await page.waitForTimeout(200);
  await shot('calls');
  await page.keyboard.press('?');
  await page.waitForTimeout(150);
  await shot('shortcuts', false);
  await page.goto(`${mock.url}/agent/maria`);
  await page.waitForSelector('[data-step=bridged]');
  await page.keyboard.press('h');
  await page.keyboard.press('h');
  await page.waitForSelector('[data-step=ended]');
  await shot('desk-wrap');
  await page.goto(`${mock.url}/agents`);
  await page.waitForSelector('[data-agent]');
  await shot('agents');
  await page.goto(`${mock.url}/calls/none`);
  await page.waitForSelector('h1');
  await shot('lost');
  await close();
  await mock.close();
}
