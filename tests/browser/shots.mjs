// Takes pictures of every page from the scripted calls: `node shots.mjs FOLDER`.
// With `--docs`, those that are kept: the README's (of a real call, with WARMLINE_BIN set), and in `pages/` each page once, wide and narrow.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chrome.mjs';
import { gateway, offered } from './gateway.mjs';
import { LINK } from './mock/people.mjs';
import { startMock } from './mock/server.mjs';

const folder = process.argv[2] ?? 'shots';
const SETTLE_MS = 300;
const WIDTHS = [1440, 390];
/** Of the states of a page, those that are kept. */
const KEPT = ['call', 'desk-ringing', 'desk-wrap', 'calls', 'agents', 'wall', 'claim', 'caller', 'sign-in', 'sign-in-demo', 'welcome', 'account', 'accounts', 'audit', 'privacy'];
await mkdir(join(folder, 'pages'), { recursive: true });
if (process.argv.includes('--docs')) {
  await docs();
  for (const width of WIDTHS) await everything('light', width, (name) => (KEPT.includes(name) ? `pages/${name}-${width}.png` : null));
} else {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of WIDTHS) await everything(colorScheme, width, (name) => `${name}-${width}-${colorScheme}.png`);
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
  await real?.enter(page, 'supervisor');
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

async function everything(colorScheme, width, fileOf) {
  const { context, close } = await launch({ colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });
  const page = await context.newPage();
  const shot = async (name, fullPage = true) => {
    const file = fileOf(name);
    if (file === null) return;
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(folder, file), fullPage });
  };
  await withoutAccounts(page, shot);
  await withAccounts(page, shot);
  await close();
}

function opener(page, mock) {
  return async (path, ready) => {
    await page.goto(`${mock.url}${path}`);
    await page.waitForSelector(ready);
  };
}

async function withoutAccounts(page, shot) {
  const mock = await startMock();
  const open = opener(page, mock);

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
  mock.claims.set('471155', 'demo');
  await open('/claim', 'form');
  await page.getByRole('textbox').pressSequentially('471155');
  await page.keyboard.press('Enter');
  await page.waitForSelector('article');
  await shot('claim');
  await open('/call/support', '#call-title');
  await shot('caller');
  await mock.close();
}

/** The pages that are there where people sign in. */
async function withAccounts(page, shot) {
  const mock = await startMock({ accounts: true });
  const open = opener(page, mock);
  // The scripted names are there to show that they are no markup.
  mock.people.accounts[1].name = 'maria.pop';
  mock.people.audit = mock.people.audit.map((line) => ({ ...line, name: line.did === 'sign_in_failed' ? 'admin' : line.name, target: line.did === 'changed_account' ? 'maria.pop: agent' : line.target }));
  await open('/', 'form');
  await shot('sign-in');
  mock.people.demo = { password: 'demo-4f0c81d2', accounts: ['maria', 'supervisor', 'operator', 'administrator'].map((name) => ({ name, role: name === 'maria' ? 'agent' : name })) };
  await open('/', '.demo');
  await shot('sign-in-demo');
  mock.people.demo = null;
  await page.goto('about:blank');
  await open(`/welcome#${LINK}`, 'form');
  await shot('welcome');
  mock.people.enter({ writeHead() {}, end() {} }, 'ada');
  for (const name of ['account', 'accounts', 'audit', 'privacy']) {
    await open(`/${name}`, 'h1');
    await shot(name);
  }
  await mock.close();
}
