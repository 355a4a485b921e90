// A handoff between real browsers with accounts on: the caller at the button of a company's site, two agents signed in at their desks with the pages' telephones, and
// a supervisor, signed in too, who follows the conversation from the wall.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { launch } from './chrome.mjs';
import { findings } from './looks.mjs';
import { NOTED } from './noted.mjs';
import { BIN, MARIA, PATIENCE_MS, heardSoFar, hears, microphone, speaking, start, tapped, words } from './phones.mjs';
import { AGENTS_HUM, CALLERS_HUM, ON_CUE, SUPERVISORS_HUM, arrived, beginsAt, comes, heard, hearEachOther, hum, say, saysUntil, wasTold } from './sounds.mjs';
import { assertClean, until, watched } from './support.mjs';

const PASSWORD = 'a-desk-of-oak-and-iron';
/** Nobody rings him but for what is handed on to him. */
const DAN = 'dan: {name: Dan, target: browser, queues: [complaints]}';
/** Of these words every recogniser is sure; "a human please" in this voice is "human police" now and then. */
const WISH = 'I want to talk to a person, please.';
const HUM_MS = 6_000;
/** The gateway's: no other file's, so that two of them can run at the same time. */
const SOUND = [23_400, 23_599];

test('a caller, two signed-in agents and their supervisor in browsers of their own', { skip: BIN ? false : 'set WARMLINE_BIN' }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmline-handoff-'));
  const open = [];
  t.after(async () => {
    for (const one of open.reverse()) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  let world;
  const site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Shop</title><h1>Shop</h1><script src="${world?.url}/widget.js" data-to="support"></script>`);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  open.push({ close: () => site.close() });
  const shop = `http://127.0.0.1:${site.address().port}`;
  await microphone(join(folder, 'silence.wav'), [300]);
  world = await start(folder, SOUND, { accounts: true, widget_origins: [shop] }, [MARIA, DAN]);
  open.push(world);
  const links = {};
  let admin;
  let agentPage;
  let callerPage;
  let id;
  const api = async (path) => (await admin.request.get(`${world.url}/api/v1${path}`)).json();
  const steps = async () => (await api(`/calls/${id}`)).entries.filter(({ what }) => what === 'handoff').map(({ at, step }) => ({ at, ...step }));

  const account = async (name) => (await api('/accounts')).accounts.find((one) => one.name === name);
  /** Their telephone rings, they pick up, and take the call at once. */
  const takes = async (page) => {
    for (const step of ['ringing', 'briefing']) {
      await page.waitForSelector(`[data-step=${step}]`, { timeout: PATIENCE_MS });
      await page.keyboard.press('a');
    }
    await page.waitForSelector('[data-step=bridged]', { timeout: 30_000 });
  };

  await t.test('the printed link makes an administrator, who makes accounts for two agents and a supervisor', async () => {
    const browser = await launch();
    open.push(browser);
    admin = await watched(browser.context, world.url);
    const link = await until('the first link is printed', () => /http\S+\/welcome#\S+/.exec(world.log())?.[0]);
    await choosePassword(admin, link);
    await admin.waitForSelector('nav');
    await admin.goto(`${world.url}/accounts`);
    for (const [name, role] of [['maria', 'agent'], ['dan', 'agent'], ['ioana', 'supervisor']]) {
      await until('the form is empty', async () => (await admin.getByRole('textbox', { name: 'Name' }).inputValue()) === '');
      await admin.getByRole('textbox', { name: 'Name' }).fill(name);
      await admin.getByLabel('Role', { exact: true }).selectOption(role);
      const before = Object.values(links);
      await admin.getByRole('button', { name: 'Create' }).click();
      links[name] = await until('a link is shown that was not there before', async () => {
        const shown = await admin.locator('.secret').innerText();
        return !before.includes(shown) && shown;
      });
    }
    assertClean(admin);
    // What the test asks from now on, it asks in the administrator's name; nothing is drawn there any more.
    await admin.goto('about:blank');
  });

  await t.test('the agent chooses a password, and signs in at the sign-in page', async () => {
    const browser = await speaking(join(folder, 'silence.wav'));
    open.push(browser);
    agentPage = await tapped(browser, world.url, ON_CUE + NOTED);
    await choosePassword(agentPage, links.maria);
    await agentPage.waitForURL('**/agent/maria');
    await agentPage.getByLabel('Your account: maria').press('Enter');
    await agentPage.getByRole('button', { name: 'Sign out', exact: true }).press('Enter');
    await agentPage.waitForSelector('h1:text("Sign in")');
    await agentPage.getByLabel('Name').fill('maria');
    await agentPage.getByLabel('Password').fill(PASSWORD);
    await agentPage.keyboard.press('Enter');
    await agentPage.waitForURL('**/agent/maria');
    await agentPage.getByText('You are available').waitFor();
  });

  await t.test('the caller asks for a human at the button of a site, and the card is there while the desk rings', async () => {
    const browser = await speaking(join(folder, 'silence.wav'));
    open.push(browser);
    callerPage = await tapped(browser, shop, ON_CUE);
    await callerPage.goto(shop);
    await callerPage.locator('warmline-call button').click();
    await callerPage.waitForSelector('warmline-call[data-state=talking]', { timeout: 30_000, state: 'attached' });
    ({ id } = await until('the call is listed', async () => (await api('/calls?state=live')).calls[0]));
    const said = await saysUntil(callerPage, folder, WISH, () => agentPage.locator('article [data-step=ringing]').count());
    t.diagnostic(`the wish was said ${said} times`);
    const card = await agentPage.locator('article').innerText();
    const quote = await agentPage.locator('article .quotes li').first().innerText();
    assert.match(quote, /person/i, 'the card says why now');
    assert.ok((await agentPage.locator('#card-reason').innerText()).trim().length > 10, 'and what the call is about');
    assert.match(card, /ringing/);
    assert.ok((await steps()).every(({ step }) => step !== 'briefing'), 'nobody has picked up yet');
    const { head, entries } = await api(`/calls/${id}`);
    const rang = Date.parse(head.started) + entries.find(({ step }) => step?.step === 'ringing').at;
    const noted = await until('the card is drawn', () => agentPage.evaluate((call) => window.__noted.cards[call]?.shown && window.__noted.cards[call], id));
    t.diagnostic(`ring to the card’s event at the page: ${Math.round(noted.came - rang)} ms, to the card on the screen: ${Math.round(noted.shown - rang)} ms`);
  });

  const briefing = {};
  await t.test('the agent picks up and is briefed', async () => {
    briefing.agent = await heardSoFar(agentPage);
    briefing.caller = await heardSoFar(callerPage);
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=briefing]', { timeout: 30_000 });
    await until('the briefing has been heard', () => wasTold(agentPage, briefing.agent, 4), PATIENCE_MS);
  });

  await t.test('they hear each other as soon as the agent accepts', async () => {
    const from = { agent: await heardSoFar(agentPage), caller: await heardSoFar(callerPage) };
    await Promise.all([hum(callerPage, CALLERS_HUM, HUM_MS), hum(agentPage, AGENTS_HUM, HUM_MS)]);
    await agentPage.keyboard.press('a');
    await agentPage.waitForSelector('[data-step=bridged]', { timeout: 30_000 });
    const byAgent = await comes(agentPage, CALLERS_HUM, from.agent, HUM_MS + 10_000);
    const byCaller = await comes(callerPage, AGENTS_HUM, from.caller, HUM_MS + 10_000);
    assert.equal(beginsAt(await heard(callerPage, from.caller), CALLERS_HUM), null, 'nobody hears themselves');
    assert.equal(beginsAt(await heard(agentPage, from.agent), AGENTS_HUM), null);
    const key = await agentPage.evaluate(() => window.__noted.key);
    const both = Math.max(await arrived(agentPage, byAgent), await arrived(callerPage, byCaller));
    t.diagnostic(`key to sound both ways: ${Math.round(both - key)} ms`);
    briefing.until = { agent: byAgent, caller: byCaller };
  });

  await t.test('only the agent has heard the briefing', async () => {
    const agents = await words(agentPage, folder, briefing.agent, briefing.until.agent);
    const callers = await words(callerPage, folder, briefing.caller, briefing.until.caller);
    // However slow the machine is: at least the short one, and what can be chosen.
    assert.match(agents, /say again|say more|say accept|press one/);
    // A name is easily misheard.
    assert.match(callers, /picked up/, 'the caller is told that somebody has picked up');
    assert.doesNotMatch(callers, /say again|say more|say accept|press one/);
  });

  await t.test('words are understood at the far end, both ways, and the answer to the caller’s question is on the agent’s page', async () => {
    for (const [from, to, text, pattern] of [
      [agentPage, callerPage, 'Hello, this is Maria speaking, how can I help you with the parcel?', /maria speaking|the parcel/],
      [callerPage, agentPage, 'How long does the delivery of another one take?', /how long|delivery/],
    ]) {
      const mark = await heardSoFar(to);
      await say(from, folder, text);
      await hears(to, folder, mark, pattern, 60_000);
    }
    // What the flow knows of it stands on the agent's page by itself.
    await agentPage.locator('section[aria-labelledby=answers-title]').getByText('How long does delivery take?').waitFor({ timeout: 30_000 });
  });

  await t.test('a supervisor listens, whispers and joins from the wall', async () => {
    const browser = await speaking(join(folder, 'silence.wav'));
    open.push(browser);
    const page = await tapped(browser, world.url, ON_CUE);
    await choosePassword(page, links.ioana);
    await page.waitForSelector('nav');
    await page.goto(`${world.url}/wall`);
    await page.getByRole('button', { name: /^Follow the conversation of/ }).click();
    const people = [{ page: callerPage, hertz: CALLERS_HUM }, { page: agentPage, hertz: AGENTS_HUM }, { page, hertz: SUPERVISORS_HUM }];
    const both = [CALLERS_HUM, AGENTS_HUM];
    const microphone = (on) => page.evaluate((enabled) => {
      const { track } = window.__peers.at(-1).getSenders()[0];
      const was = track.enabled;
      track.enabled = enabled ?? was;
      return was;
    }, on);

    await page.keyboard.press('l');
    await page.getByText('You hear both. Nobody hears you.').waitFor({ timeout: 30_000 });
    assert.equal(await microphone(), false, 'whoever listens has their own microphone off');
    // And if the page did not care: the gateway does.
    await microphone(true);
    await hearEachOther('listening: heard by nobody', people, [[AGENTS_HUM], [CALLERS_HUM], both]);
    await page.keyboard.press('w');
    await page.getByText('The agent alone hears you.').waitFor();
    await hearEachOther('whispering: heard by the agent alone', people, [[AGENTS_HUM], [CALLERS_HUM, SUPERVISORS_HUM], both]);
    await page.keyboard.press('j');
    await page.getByText('You talk with both.').waitFor();
    await hearEachOther('joined: heard by both', people, [[AGENTS_HUM, SUPERVISORS_HUM], [CALLERS_HUM, SUPERVISORS_HUM], both]);
    await page.keyboard.press('w');
    await hearEachOther('whispering again', people, [[AGENTS_HUM], [CALLERS_HUM, SUPERVISORS_HUM], both]);
    await page.keyboard.press('e');
    await until('the supervisor has left', async () => (await api(`/calls/${id}`)).entries.some(({ what, did }) => what === 'supervised' && did === 'left'));
    assert.equal(await page.evaluate(() => window.__peers.at(-1).connectionState), 'closed');
    await hearEachOther('the two go on', people.slice(0, 2), [[AGENTS_HUM], [CALLERS_HUM]]);

    const followed = (await api(`/calls/${id}`)).entries.filter(({ what }) => what === 'supervised');
    assert.deepEqual(followed.map(({ name, did }) => [name, did]), ['rung', 'listens', 'whispers', 'joined', 'whispers', 'left'].map((did) => ['ioana', did]));
    const { lines } = await api('/audit?limit=50');
    const deeds = lines.filter(({ name, target }) => name === 'ioana' && target === id).map(({ did }) => did).reverse();
    assert.deepEqual(
      deeds.filter((did) => did !== 'saw_call'),
      ['listened_to_call', 'whispered_in_call', 'joined_call', 'whispered_in_call', 'left_call'],
    );
    page.seen.console = page.seen.console.filter((line) => !line.includes('ScriptProcessorNode'));
    assertClean(page);
    await browser.close();
  });

  await t.test('the agent looks at other pages, goes back, reloads, would sign out, and has the caller still', async () => {
    const opened = agentPage.context().waitForEvent('page');
    await agentPage.keyboard.press('g');
    await agentPage.keyboard.press('c');
    const calls = await opened;
    await calls.waitForSelector(`a[href="/calls/${id}"]`);
    await calls.close();
    await agentPage.goBack();
    const asked = agentPage.waitForEvent('dialog');
    await agentPage.evaluate(() => void setTimeout(() => location.reload()));
    assert.equal((await asked).type(), 'beforeunload', 'the browser asks before it hangs up');
    assert.equal(new URL(agentPage.url()).pathname, '/agent/maria');
    await agentPage.waitForSelector('[data-step=bridged]');
    agentPage.seen.dialogs = [];
    await agentPage.getByLabel('Your account: maria').click();
    assert.ok(await agentPage.getByRole('button', { name: 'Sign out after the call' }).isDisabled(), 'whoever signs out hangs up');
    await agentPage.keyboard.press('Escape');
  });

  await t.test('the session ends, and the caller stays: the agent signs in again beside the call', async () => {
    const two = [{ page: callerPage, hertz: CALLERS_HUM }, { page: agentPage, hertz: AGENTS_HUM }];
    const maria = await account('maria');
    const answer = await admin.request.post(`${world.url}/api/v1/accounts/${maria.id}/sign-out`, { headers: { origin: world.url }, data: {} });
    assert.equal(answer.status(), 204);
    await agentPage.getByText('Your session is over. The caller is still on the line').waitFor({ timeout: 30_000 });
    assert.deepEqual(await findings(agentPage, 'signing in beside a call'), []);
    await hearEachOther('while nobody is signed in', two, [[AGENTS_HUM], [CALLERS_HUM]]);
    await agentPage.getByLabel('Name').fill('maria');
    await agentPage.getByLabel('Password').fill(PASSWORD);
    await agentPage.keyboard.press('Enter');
    await agentPage.getByText('Your session is over').waitFor({ state: 'detached', timeout: 30_000 });
    assert.equal(new URL(agentPage.url()).pathname, '/agent/maria');
    // The desk is theirs again, with the same caller.
    await agentPage.keyboard.press('o');
    await agentPage.getByText('The caller is on hold').waitFor({ timeout: 30_000 });
    await agentPage.keyboard.press('o');
    await agentPage.getByText('The caller is on hold').waitFor({ state: 'detached' });
    await hearEachOther('signed in again', two, [[AGENTS_HUM], [CALLERS_HUM]]);
    assert.equal((await steps()).filter(({ step }) => step === 'bridged').length, 1, 'it is the same conversation');
  });

  await t.test('the agent sends the caller back to the bot, who hears them, and brings them a human again', async () => {
    const mark = await heardSoFar(callerPage);
    await agentPage.getByRole('button', { name: 'Back to the bot' }).click();
    await until('the caller is sent back', async () => (await steps()).some(({ step }) => step === 'sent_to_bot'), 30_000);
    await until('the bot has spoken', () => wasTold(callerPage, mark, 1), PATIENCE_MS);
    const said = await words(callerPage, folder, mark);
    assert.match(said, /what can i do|me again/, 'the caller has the bot');
    await agentPage.getByRole('button', { name: 'Ready for the next call' }).click();
    await agentPage.getByText('You are available').waitFor();
    await say(callerPage, folder, WISH);
    await takes(agentPage);
    const two = [{ page: callerPage, hertz: CALLERS_HUM }, { page: agentPage, hertz: AGENTS_HUM }];
    await hearEachOther('with the agent again', two, [[AGENTS_HUM], [CALLERS_HUM]]);
  });

  let dans;
  await t.test('the agent holds, asks a colleague in private, talks with both, leaves the caller to them, and the caller is handed on to a queue and to an agent', async () => {
    const browser = await speaking(join(folder, 'silence.wav'));
    open.push(browser);
    const dansPage = await tapped(browser, world.url, ON_CUE);
    dans = { page: dansPage, hertz: SUPERVISORS_HUM };
    await choosePassword(dansPage, links.dan);
    await dansPage.waitForURL('**/agent/dan');
    await dansPage.getByText('You are available').waitFor();
    const dansHum = SUPERVISORS_HUM;
    const two = [{ page: callerPage, hertz: CALLERS_HUM }, { page: agentPage, hertz: AGENTS_HUM }];
    const three = [...two, { page: dansPage, hertz: dansHum }];
    const handOn = async (page, to) => {
      await page.keyboard.press('t');
      await page.getByLabel('To whom?').selectOption(to);
      await page.getByRole('button', { name: 'Hand on now' }).click();
    };
    const asksDan = async () => {
      await agentPage.keyboard.press('c');
      await agentPage.getByLabel('To whom?').selectOption('agent:dan');
      await agentPage.getByRole('button', { name: 'Ask now' }).click();
      await dansPage.getByText('Maria asks you about this call').waitFor({ timeout: 30_000 });
      await dansPage.keyboard.press('a');
      await agentPage.getByText('You talk with Dan: the caller hears music').waitFor({ timeout: 30_000 });
    };
    await agentPage.keyboard.press('o');
    await hearEachOther('on hold: nobody hears the other', two, [[], []]);
    await agentPage.keyboard.press('o');
    await agentPage.getByText('The caller is on hold').waitFor({ state: 'detached' });

    await asksDan();
    await hearEachOther('in private', three, [[], [dansHum], [AGENTS_HUM]]);
    await agentPage.keyboard.press('j');
    await agentPage.getByText('All hear each other: you, the caller and Dan').waitFor();
    await hearEachOther('all three', three, [[AGENTS_HUM, dansHum], [CALLERS_HUM, dansHum], [CALLERS_HUM, AGENTS_HUM]]);
    await agentPage.keyboard.press('r');
    await dansPage.getByRole('button', { name: 'Ready for the next call' }).click();
    await dansPage.getByText('You are available').waitFor();

    await asksDan();
    await agentPage.keyboard.press('l');
    await agentPage.waitForSelector('[data-step=ended]', { timeout: 30_000 });
    await hearEachOther('left to the colleague', [two[0], three[2]], [[dansHum], [CALLERS_HUM]]);
    await agentPage.getByRole('button', { name: 'Ready for the next call' }).click();
    await agentPage.getByText('You are available').waitFor();
    await handOn(dansPage, 'agent:maria');
    await takes(agentPage);
    await dansPage.getByRole('button', { name: 'Ready for the next call' }).click();
    await dansPage.getByText('You are available').waitFor();

    await handOn(agentPage, 'queue:complaints');
    await takes(dansPage);
    await hearEachOther('with whoever serves the queue', [two[0], three[2]], [[dansHum], [CALLERS_HUM]]);
    await agentPage.getByRole('button', { name: 'Ready for the next call' }).click();
    await agentPage.getByText('You are available').waitFor();
    await handOn(dansPage, 'agent:maria');
    await takes(agentPage);
    await hearEachOther('with the agent who was named', two, [[AGENTS_HUM], [CALLERS_HUM]]);
    const asked = (await steps()).filter(({ step }) => step === 'transfer_asked').map(({ agent, to }) => [agent, to]);
    assert.deepEqual(asked, [['dan', 'maria'], ['maria', 'complaints'], ['dan', 'maria']]);
    await dansPage.getByRole('button', { name: 'Ready for the next call' }).click();
    await dansPage.getByText('You are available').waitFor();
  });

  await t.test('an account is locked under the call: the caller is told, and gets somebody else', async () => {
    const mark = await heardSoFar(callerPage);
    const maria = await account('maria');
    const answer = await admin.request.patch(`${world.url}/api/v1/accounts/${maria.id}`, { headers: { origin: world.url }, data: { locked: true } });
    assert.equal(answer.status(), 200);
    await agentPage.waitForSelector('h1:text("Sign in")');
    assert.equal(await agentPage.getByText('Your session is over').count(), 0, 'there is no caller any more');
    assert.equal(await agentPage.evaluate(() => window.__peers.at(-1).connectionState), 'closed', 'nor anything of them to be heard');
    // Whoever takes the call at once is heard at once, in the middle of the sentence; a recogniser takes longer than a telephone rings.
    const isTold = ({ what, heard }) => what === 'bot_turn' && heard.includes('lost the connection');
    await until('the caller is told', async () => (await api(`/calls/${id}`)).entries.some(isTold), PATIENCE_MS);
    await takes(dans.page);
    await hears(callerPage, folder, mark, /lost|connection to|somebody again/);
    await hearEachOther('with somebody else', [{ page: callerPage, hertz: CALLERS_HUM }, dans], [[dans.hertz], [CALLERS_HUM]]);
    agentPage.seen.console = agentPage.seen.console.filter((line) => !line.includes('ScriptProcessorNode'));
    assertClean(agentPage);
  });

  await t.test('the agent hangs up at the desk, and both pages say so', async () => {
    agentPage = dans.page;
    await agentPage.keyboard.press('h');
    await agentPage.keyboard.press('h');
    await agentPage.waitForSelector('[data-step=ended]', { timeout: 30_000 });
    await callerPage.waitForSelector('warmline-call[data-state=ended]', { state: 'attached', timeout: 30_000 });
    const { head } = await until('the call is over', async () => {
      const call = await api(`/calls/${id}`);
      return call.head.state === 'ended' && call;
    }, 30_000);
    assert.deepEqual([head.outcome, head.handoff_outcome], ['handed_over', 'bridged']);
    // The test's own tap is old-fashioned, so that the pages' policy need not allow a worklet.
    agentPage.seen.console = agentPage.seen.console.filter((line) => !line.includes('ScriptProcessorNode'));
    assertClean(agentPage);
  });
});

async function choosePassword(page, link) {
  await page.goto(link);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('The same again').fill(PASSWORD);
  await page.keyboard.press('Enter');
}
