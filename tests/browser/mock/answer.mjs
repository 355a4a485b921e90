// How the scripted server answers.

import { readFileSync } from 'node:fs';

/** As the gateway sends them. */
export const HEADERS = {
  'content-security-policy': readFileSync(new URL('../../../src/http/policy.txt', import.meta.url), 'utf8').trim(),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

export function json(response, status, body) {
  response.noted?.(status, body);
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** As the gateway refuses. */
export function refuse(response, status, code, message = 'No.') {
  json(response, status, { error: { code, message } });
}
