// A real gateway with a real call for the tests, however the caller of the tests offers one; see README.md.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Words for the skipped test when there is no gateway. */
export const NO_GATEWAY = 'set WARMLINE_BIN, or WARMLINE_URL and WARMLINE_CALL_CMD';

export function offered() {
  const { WARMLINE_BIN, WARMLINE_URL, WARMLINE_CALL_CMD } = process.env;
  return Boolean(WARMLINE_BIN || (WARMLINE_URL && WARMLINE_CALL_CMD));
}

/** `{url, agent, call, enter, close}`: `call()` places the demo call, if starting the gateway has not done so already, and `enter()` signs in, where that takes more. */
export async function gateway() {
  const agent = process.env.WARMLINE_AGENT ?? 'maria';
  if (process.env.WARMLINE_URL) return running(process.env.WARMLINE_URL, agent);
  const folder = await mkdtemp(join(tmpdir(), 'warmline-pages-'));
  // In a group of its own, so that the gateway and the services that it starts end with it, as they do at Ctrl-C in a terminal.
  const demo = spawn(process.env.WARMLINE_BIN, ['demo', '--folder', folder], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const close = async () => {
    await endGroup(demo.pid);
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const url = await address(demo);
    return { url, agent, call: async () => undefined, enter, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Signs in on a page that shows what it needs for it, as the demo does. */
async function enter(page, name) {
  await page.getByRole('button', { name: new RegExp(`^Fill in ${name},`) }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const GROUP_LIMIT_MS = 15_000;

/** Asks a process group to end, and sees to it that it does. */
async function endGroup(pid) {
  const signal = (name) => {
    try {
      return process.kill(-pid, name);
    } catch {
      return false;
    }
  };
  const end = performance.now() + GROUP_LIMIT_MS;
  let more = signal('SIGINT');
  while (more && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    more = signal(0);
  }
  if (more) signal('SIGKILL');
}

/** The address of the pages, which the demo prints when the gateway is ready. */
function address(demo) {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const found = /ready on .*?(https?:\/\/[^\s/]+)/.exec(output);
      if (found) resolve(found[1]);
    };
    demo.stdout.on('data', read);
    demo.stderr.on('data', (chunk) => (output += chunk));
    demo.once('error', reject);
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code} before the gateway was ready:\n${output}`)));
  });
}

function running(url, agent) {
  let placed;
  return {
    url: url.replace(/\/$/, ''),
    agent,
    call: async () => {
      placed = spawn(process.env.WARMLINE_CALL_CMD, { shell: true, stdio: 'inherit' });
    },
    enter: async () => undefined,
    close: async () => {
      if (placed && placed.exitCode === null) {
        const ended = once(placed, 'exit');
        placed.kill('SIGINT');
        await ended;
      }
    },
  };
}
