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

/** `{url, agent, call, close}`: `call()` places the demo call, if starting the gateway has not done so already. */
export async function gateway() {
  const agent = process.env.WARMLINE_AGENT ?? 'maria';
  if (process.env.WARMLINE_URL) return running(process.env.WARMLINE_URL, agent);
  const folder = await mkdtemp(join(tmpdir(), 'warmline-pages-'));
  const demo = spawn(process.env.WARMLINE_BIN, ['demo', '--folder', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  const close = async () => {
    if (demo.exitCode === null) {
      const ended = once(demo, 'exit');
      demo.kill('SIGINT');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await address(demo), agent, call: async () => undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
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
    close: async () => {
      if (placed && placed.exitCode === null) {
        const ended = once(placed, 'exit');
        placed.kill('SIGINT');
        await ended;
      }
    },
  };
}
