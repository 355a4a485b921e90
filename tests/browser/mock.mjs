// Serves the pages with scripted calls: `node mock.mjs [--port 4173] [--speed 1] [--empty] [--wait]`. A new demo call arrives every two minutes;
// with --wait it comes at `POST /mock/call`, and the agent has to answer it on the page.

import { parseArgs } from 'node:util';
import { startMock } from './mock/server.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4173' },
    speed: { type: 'string', default: '1' },
    empty: { type: 'boolean', default: false },
    wait: { type: 'boolean', default: false },
  },
});
const mock = await startMock({ port: Number(values.port), speed: Number(values.speed), empty: values.empty });
console.log(`pages with scripted calls at ${mock.url} (desk: ${mock.url}/agent/maria)`);
if (!values.empty && !values.wait) {
  const call = () => mock.startCall({ auto: true });
  call();
  setInterval(call, 120_000 / mock.speed);
}
