// How everybody may see the pages, and what is wrong with them as they are seen.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const BAD = ['moderate', 'serious', 'critical'];

/**
 * Both languages of the pages, both themes, a desk's screen and a telephone's: each two of them together are in one of these four. What is wrong in one theme or of one
 * width is wrong in both languages, so that all eight would show no more.
 */
export const VIEWS = [
  ['en-GB', 'light', 1440],
  ['en-GB', 'dark', 390],
  ['ro-RO', 'light', 390],
  ['ro-RO', 'dark', 1440],
].map(([language, colorScheme, width]) => ({ language, colorScheme, width, name: `${language}, ${colorScheme}, ${width} px` }));

/** The page is seen so from its next address on. */
export async function seenAs(page, { language, colorScheme, width }) {
  await page.addInitScript((code) => Object.defineProperty(navigator, 'language', { get: () => code }), language);
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 900 });
}

/** What axe-core finds, and what runs off the side. */
export async function findings(page, name) {
  // The test's own script: the page's policy does not let the page load it.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations
    .filter((one) => BAD.includes(one.impact))
    .map((one) => `${name}: ${one.id} (${one.impact}) ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
  return [...found, ...(await page.evaluate(offTheSide)).map((what) => `${name}: ${what}`)];
}

/** What nobody sees without moving something sideways that is not made for it; it runs in the page. */
function offTheSide() {
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const moves = (element) => element !== null && (['auto', 'scroll'].includes(getComputedStyle(element).overflowX) || moves(element.parentElement));
  const out = [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !moves(one));
  return [...(over > 0 ? [`${over} px too wide`] : []), ...out.slice(0, 3).map((one) => `off the side: ${one.outerHTML.slice(0, 120)}`)];
}

/** With `SHOTS` set: a picture to look at. */
export async function shot(page, name, { language, colorScheme, width }, fullPage = true) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name.replaceAll(/[^a-z]+/g, '-')}-${width}-${colorScheme}-${language}.png`, fullPage });
}
