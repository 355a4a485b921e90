// An agent's desk on a real screen, for `cargo xtask bench desk`: `node screen.mjs ADDRESS` says when each card was on it, until its input ends.

import { launch } from './chrome.mjs';
import { NOTED } from './noted.mjs';

const browser = await launch();
const page = await browser.context.newPage();
await page.exposeFunction('__shown', (call, at) => console.log(JSON.stringify({ call, at })));
await page.addInitScript(NOTED);
await page.goto(process.argv[2]);
await page.waitForSelector('h1');
console.log('ready');
for await (const _ of process.stdin);
await browser.close();
