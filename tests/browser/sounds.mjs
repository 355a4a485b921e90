// Sound on cue, and what became of it at the far end: tones, their first moment, silence.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATIENCE_MS, RATE, heardSoFar, samplesOf } from './phones.mjs';
import { until } from './support.mjs';

/** Neither the bot's voice nor the music has these for long. */
export const CALLERS_HUM = 1_130;
export const AGENTS_HUM = 1_370;
export const SUPERVISORS_HUM = 1_610;

const FRAME = RATE / 25;
/** A hum that came through is nearly all that its frames carry. */
const PURE = 0.5;
/** Full scale is 32,767; the hum is a fifth of it. */
const AUDIBLE = 300;
/** So many frames in a row are no chance: 0.4 s. */
const ENOUGH = 10;
/** Seconds of sound in any greeting, at least. */
const GREETING_S = 3;
/** How long each hums of those who hum in turn. */
const TURN_MS = 700;

/** The page's microphone is the browser's, and hears besides what the test plays into it. */
export const ON_CUE = `
  const plain = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await plain(wanted);
    const context = new AudioContext();
    const mixed = context.createMediaStreamDestination();
    context.createMediaStreamSource(stream).connect(mixed);
    window.__play = (source) => {
      source.connect(mixed);
      source.start();
      return new Promise((resolve) => (source.onended = resolve));
    };
    window.__hum = (hertz, ms) => {
      const [tone, gain] = [context.createOscillator(), context.createGain()];
      tone.frequency.value = hertz;
      gain.gain.value = 0.2;
      tone.connect(gain).connect(mixed);
      tone.start();
      tone.stop(context.currentTime + ms / 1_000);
      return new Promise((resolve) => (tone.onended = resolve));
    };
    window.__say = (samples, rate) => {
      const buffer = context.createBuffer(1, samples.length, rate);
      buffer.getChannelData(0).set(samples.map((one) => one / 32_768));
      const source = context.createBufferSource();
      source.buffer = buffer;
      return window.__play(source);
    };
    return mixed.stream;
  };
`;

/** Begins to hum into the page's microphone. */
export const hum = (page, hertz, ms) => page.evaluate(([one, other]) => void window.__hum(one, other), [hertz, ms]);

/** Hums, and waits until it is over. */
export const humToItsEnd = (page, hertz) => page.evaluate(([one, ms]) => window.__hum(one, ms), [hertz, TURN_MS]);

/** Everybody hums once, one after the other; for each, whose hums came. `people`: `{page, hertz}`. */
export async function inTurn(people) {
  const from = await Promise.all(people.map(({ page }) => heardSoFar(page)));
  for (const { page, hertz } of people) await humToItsEnd(page, hertz);
  return Promise.all(
    people.map(async ({ page }, index) => {
      const end = await heardSoFar(page);
      // What is on its way has come by then.
      await until('the tape goes on', async () => (await heardSoFar(page)) > end + RATE / 2);
      const samples = await heard(page, from[index]);
      return people.map(({ hertz }) => hertz).filter((hertz) => beginsAt(samples, hertz) !== null);
    }),
  );
}

/** Waits until everybody hears just whom they should, twice. A leak would go on, and so would silence: neither is ever what is waited for. */
export async function hearEachOther(what, people, wanted) {
  let last;
  const right = async () => {
    last = JSON.stringify(await inTurn(people));
    return last === JSON.stringify(wanted);
  };
  await until(what, async () => (await right()) && right(), 60_000).catch((error) => assert.fail(`${error.message}: they heard ${last}`));
}

/** Says something into the page's microphone once the greeting has been heard to its end. */
export async function saysAfterTheGreeting(page, folder, text) {
  await until('the greeting is heard', () => wasTold(page, 0, GREETING_S), PATIENCE_MS);
  await say(page, folder, text);
}

/** How long something may take to come of what was said, before it is said again. */
const AGAIN_MS = 25_000;

/** The same, and again until something comes of it: the bot of a busy machine asks for that where its recogniser was too slow. How often it was said. */
export async function saysUntil(page, folder, text, comes) {
  await saysAfterTheGreeting(page, folder, text);
  const end = performance.now() + PATIENCE_MS;
  for (let times = 1; ; times += 1) {
    const again = performance.now() + AGAIN_MS;
    const came = await until('something comes of it, or it is said again', async () => ((await comes()) ? 'came' : performance.now() > again && 'late'), PATIENCE_MS);
    if (came === 'came') return times;
    assert.ok(performance.now() < end, `nothing came of “${text}”, which was said ${times} times`);
    await say(page, folder, text);
  }
}

/** Says something into the page's microphone, to its end. */
export async function say(page, folder, text) {
  const file = join(folder, 'said.wav');
  assert.equal(spawnSync('flite', ['-voice', 'slt', '-t', text, '-o', file]).status, 0, 'flite speaks');
  const data = samplesOf(await readFile(file));
  const samples = Array.from(new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length)));
  await page.evaluate(([all, rate]) => window.__say(all, rate), [samples, RATE]);
}

/** What a page has heard from the mark on, up to the other one. */
export const heard = (page, from, to) => page.evaluate(([first, last]) => window.__heard.slice(first, last ?? undefined), [from, to]);

/** The sample of the page's tape at which a hum begins that lasts; none: it never came. */
export function beginsAt(samples, hertz) {
  let run = 0;
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) {
    run = isHum(samples.slice(at, at + FRAME), hertz) ? run + 1 : 0;
    if (run === ENOUGH) return at - (ENOUGH - 1) * FRAME;
  }
  return null;
}

/** Goertzel: is this frame nearly all of that frequency, and loud enough to be heard? */
function isHum(frame, hertz) {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
  let [before, last, power] = [0, 0, 0];
  for (const sample of frame) {
    [before, last] = [last, sample + turn * last - before];
    power += sample * sample;
  }
  const found = before * before + last * last - turn * before * last;
  return Math.sqrt(power / frame.length) > AUDIBLE && (2 * found) / (frame.length * power) > PURE;
}

/** When, by the machine's clock, a sample of the page's tape had arrived. */
export const arrived = (page, sample) =>
  page.evaluate(
    ([at, rate]) => {
      const [when, length] = window.__chunks.find(([, end]) => end > at);
      return when - ((length - at) / rate) * 1_000;
    },
    [sample, RATE],
  );

/** Has the page heard at least so many seconds of sound since the mark, and nothing for a second and a half? */
export const wasTold = (page, from, seconds) =>
  page.evaluate(
    ([start, rate, least]) => {
      const parts = window.__chunks.filter(([, end]) => end > start);
      const loud = parts.filter(([, , level]) => level > 0.002);
      const told = (loud.length * 4_096) / rate;
      const silent = (window.__heard.length - (loud.at(-1)?.[1] ?? window.__heard.length)) / rate;
      return told > least && silent > 1.5;
    },
    [from, RATE, seconds],
  );

/** The sample of the page's tape at which a hum begins that lasts. */
export async function comes(page, hertz, from, limitMs) {
  let looked = from;
  const found = await until(
    `${hertz} Hz is heard`,
    async () => {
      // Looking takes time of the page that listens: only when there is half a second more.
      if ((await heardSoFar(page)) < looked + RATE / 2) return null;
      const samples = await heard(page, from);
      looked = from + samples.length;
      const at = beginsAt(samples, hertz);
      return at === null ? null : { at };
    },
    limitMs,
  );
  return from + found.at;
}
