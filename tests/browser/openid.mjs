// A real OpenID Connect provider on loopback, for the gateway's tests: `node openid.mjs REDIRECT_URI`. It prints its address. Whoever comes is signed in as
// the person of the last `POST /person`, without being asked.

import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirect] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

let person = {};
const provider = new Provider(issuer, {
  clients: [{ client_id: 'warmline', client_secret: 'a secret of the two', redirect_uris: [redirect] }],
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'desk'] },
  // Everything is in the token that is signed.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...person }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});
const answer = provider.callback();

async function finish(request, response) {
  const { prompt, params, grantId } = await provider.interactionDetails(request, response);
  if (person.refuses) return provider.interactionFinished(request, response, { error: 'access_denied' });
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId: person.id, remember: false } });
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: person.id, clientId: params.client_id });
  grant.addOIDCScope('openid profile');
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

server.on('request', async (request, response) => {
  if (request.url === '/person') {
    let text = '';
    for await (const part of request) text += part;
    person = JSON.parse(text);
    return response.end();
  }
  if (request.url.startsWith('/interaction/')) return finish(request, response).catch((error) => response.writeHead(500).end(String(error)));
  return answer(request, response);
});
console.log(issuer);
