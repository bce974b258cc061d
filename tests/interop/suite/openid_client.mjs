// The app, by the npm package openid-client: discovery, code with PKCE, ID token checks, userinfo, refresh, revocation.
import { peer, serve } from "./lines.mjs";

const client = await peer("openid-client");
let config;
const started = new Map();

serve({
  async discover({ issuer, client_id, client_secret, method }) {
    const authentication = { client_secret_basic: client.ClientSecretBasic, client_secret_post: client.ClientSecretPost };
    config = await client.discovery(
      new URL(issuer),
      client_id,
      undefined,
      authentication[method](client_secret),
      { execute: [client.allowInsecureRequests] }, // http on the loopback
    );
    // Also the signature of an ID token that came straight from the token endpoint.
    client.enableNonRepudiationChecks(config);
    return config.serverMetadata();
  },

  async begin({ redirect_uri, scope, parameters }) {
    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri,
      scope: scope ?? "openid profile email phone offline_access",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      ...parameters,
    });
    started.set(state, { verifier, nonce });
    return { url: url.href, state };
  },

  async finish({ url, state, verifier, max_age }) {
    const waiting = started.get(state);
    const tokens = await client.authorizationCodeGrant(config, new URL(url), {
      pkceCodeVerifier: verifier ?? waiting.verifier,
      expectedState: state,
      expectedNonce: waiting.nonce,
      idTokenExpected: true,
      maxAge: max_age,
    });
    return { tokens, claims: tokens.claims() };
  },

  async userinfo({ access_token, sub }) {
    return client.fetchUserInfo(config, access_token, sub);
  },

  async refresh({ refresh_token }) {
    const tokens = await client.refreshTokenGrant(config, refresh_token);
    return { tokens, claims: tokens.claims() };
  },

  async revoke({ token }) {
    await client.tokenRevocation(config, token);
  },

  async end_session({ parameters }) {
    return { url: client.buildEndSessionUrl(config, parameters).href };
  },
});
