// An OpenID Provider by the npm package oidc-provider (certified). Its person is the one of the last `set`, who agrees to
// everything.
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { peer, serve } from "./lines.mjs";

const { Provider } = await peer("oidc-provider");

let provider;
let person = {};
let seen = [];
let issuer;
let lastGrant;
let prompts = [];

// By way of PEM: Node.js stands still for ever when its garbage collector comes while a key that it has just generated is
// exported as a JWK, since the end of the generation takes the key's lock once more.
function newKey(type, options) {
  const pem = { privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } };
  return createPrivateKey(generateKeyPairSync(type, { ...options, ...pem }).privateKey).export({ format: "jwk" });
}

const signing = newKey("rsa", { modulusLength: 2048 });
const second = newKey("ec", { namedCurve: "P-256" });

function start(client) {
  provider = new Provider(issuer, {
    clients: client ? [client] : [],
    jwks: { keys: [{ ...second, kid: "ec", use: "sig", alg: "ES256" }, { ...signing, kid: "rsa", use: "sig", alg: "RS256" }] },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ ...person, sub: id }) }),
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "given_name", "family_name"] },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true }, rpInitiatedLogout: { enabled: true, logoutSource } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ["interop"] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    // Gatehouse's clock is moved hours on by the checks; this one is the machine's.
    clockTolerance: 15,
    ttl: { IdToken: 86400, RefreshToken: 604800, Grant: 604800, Session: 600, Interaction: 600, AccessToken: 600 },
  });
  provider.on("server_error", (_, error) => console.error(error));
  provider.on("grant.success", ({ oidc }) => {
    lastGrant = (oidc.entities.RefreshToken ?? oidc.entities.AuthorizationCode).grantId;
  });
  provider.on("grant.error", (_, error) => console.error(error.message, error.error_detail));
}

// The page that asks whoever is led here to sign out; the form's own fields are the provider's.
function logoutSource(ctx, form) {
  ctx.body = `<!doctype html><title>Sign out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>`;
}

// The person logs in and consents at once.
async function interaction(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  prompts.push(prompt.name);
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: person.sub } }, { mergeWithLastSubmission: false });
  }
  const grant = (grantId && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  if (pathname === "/token" || pathname === "/me" || pathname === "/jwks") {
    seen.push({ path: pathname, at: Date.now(), basic: (request.headers.authorization ?? "").startsWith("Basic ") });
  }
  try {
    if (pathname.startsWith("/interaction/")) await interaction(request, response);
    else provider.callback()(request, response);
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end(String(error?.stack ?? error));
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
issuer = `http://127.0.0.1:${server.address().port}`;
start();

serve({
  async start() {
    return { issuer };
  },

  // The client is registered; loopback redirect URIs over http are a native application's.
  async register({ client }) {
    start({ application_type: "native", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], ...client });
    seen = [];
  },

  async set(wanted) {
    person = wanted.person;
    seen = [];
  },

  // What the person was asked since the last call: a session of the provider's own asks nothing.
  async prompts() {
    const asked = prompts;
    prompts = [];
    return { prompts: asked };
  },

  // What an administrator there does who takes an account's access away.
  async revoke() {
    await provider.RefreshToken.revokeByGrantId(lastGrant);
    return { grant: lastGrant };
  },

  async seen() {
    return { seen };
  },
});
