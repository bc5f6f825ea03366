// An OpenID provider that logs its one user in without asking. usage: node provider.mjs REDIRECT_URI
// It listens on a free port, which its first line says. `/later` moves its clock by an hour, `/revoke` and `/revoke-all` end tokens, `/enter` is the
// page on which a person enters the code of a device, and `/grants` lists what it gave tokens for.
import http from 'node:http';
import { Provider } from 'oidc-provider';

// It advises those who run it for others, on an output that nobody reads.
console.info = console.warn = () => {};

const now = Date.now;
let later = 0;
Date.now = () => now() + later;

// Connections would be too old as soon as the clock moves.
const server = http.createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, connectionsCheckingInterval: 2 ** 30 });
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
const redirect = process.argv[2];
const device = 'urn:ietf:params:oauth:grant-type:device_code';
const everything = 'openid offline_access all';

const provider = new Provider(issuer, {
    clients: [
        {
            client_id: 'flytectl', token_endpoint_auth_method: 'none', application_type: 'native', response_types: ['code'],
            grant_types: ['authorization_code', 'refresh_token', device], redirect_uris: [redirect],
        },
        { client_id: 'app:1', client_secret: 'p/ss word', grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
        { client_id: 'admin', client_secret: 'admin', grant_types: [], response_types: [], redirect_uris: [] },
    ],
    features: {
        clientCredentials: { enabled: true }, deviceFlow: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: false },
    },
    scopes: ['openid', 'offline_access', 'all'],
    pkce: { required: () => true },
    // People who may work offline get a refresh token, as Flyte's own authorization server gives one.
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ['nobody is protected by this'] },
});

async function granted(clientId) {
    const grant = new provider.Grant({ accountId: 'somebody', clientId });
    grant.addOIDCScope(everything);
    return { jti: await grant.save() };
}

const tokens = { access: [], refresh: [] };
const grants = [];
provider.on('access_token.saved', (token) => tokens.access.push(token));
provider.on('client_credentials.saved', (token) => tokens.access.push(token));
provider.on('refresh_token.saved', (token) => tokens.refresh.push(token));
provider.on('grant.success', (ctx) => grants.push(ctx.oidc.params.grant_type.split(':').pop()));

const end = async (kind) => Promise.all(tokens[kind].splice(0).map((token) => token.destroy()));
const pages = {
    '/later': async () => { later += 3_600_000; },
    '/revoke': async () => end('access'),
    '/revoke-all': async () => { await end('access'); await end('refresh'); },
    '/grants': async () => grants.join(' '),
    '/enter': async (query) => {
        const code = await provider.DeviceCode.findByUserCode(query.get('code').replaceAll('-', ''));
        const grant = await granted(code.clientId);
        Object.assign(code, { accountId: 'somebody', grantId: grant.jti, scope: everything, authTime: Math.floor(Date.now() / 1000) });
        await code.save(600);
    },
};

const flow = provider.callback();
server.on('request', async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, issuer);
    if (pathname.startsWith('/interaction/')) {
        const { prompt, params } = await provider.interactionDetails(request, response);
        const consent = prompt.name === 'consent' && { grantId: (await granted(params.client_id)).jti };
        await provider.interactionFinished(request, response, consent ? { consent } : { login: { accountId: 'somebody' } });
    } else if (pages[pathname]) {
        response.end(String((await pages[pathname](searchParams)) ?? ''));
    } else {
        flow(request, response);
    }
});
console.log(issuer);
