// An identity provider by the npm package samlp. It is logged in already, as the user of the last `set`.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { serve } from "./lines.mjs";

const require = createRequire(`${process.argv[2]}/package.json`);
const samlp = require("samlp");
const [, , , keyFile, certificateFile] = process.argv;
const key = readFileSync(keyFile);
const cert = readFileSync(certificateFile);

let issuer;
let settings = {};
let seen = [];

// samlp asks for claims by a profile mapper; attribute names go out as they are.
function mapper(user) {
  return {
    getClaims: () => user.attributes,
    getNameIdentifier: () => ({ nameIdentifier: user.name_id, nameIdentifierFormat: user.name_id_format }),
  };
}
mapper.metadata = [];

const options = (more) => ({
  issuer,
  cert,
  key,
  profileMapper: mapper,
  getUserFromRequest: () => settings.user,
  getPostURL: (audience, request, req, callback) => {
    if (request) seen.push({ issuer: audience, id: request.documentElement.getAttribute("ID"), method: req.method });
    callback(null, settings.acs_url);
  },
  audience: settings.audience,
  destination: settings.acs_url,
  recipient: settings.acs_url,
  lifetimeInSeconds: 300,
  signingCert: settings.sp_signing_certificate, // the signature of a request is verified
  signAssertion: settings.sign_assertion ?? true,
  signResponse: settings.sign_response ?? false,
  sessionIndex: "_samlp-session",
  authnContextClassRef: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
  includeAttributeNameFormat: true,
  ...(settings.encrypt && {
    encryptionPublicKey: settings.sp_encryption_key,
    encryptionCert: settings.sp_encryption_certificate,
    encryptionAlgorithm: settings.encrypt,
    disallowEncryptionWithInsecureAlgorithm: false,
    warnOnInsecureEncryptionAlgorithm: false,
  }),
  ...more,
});

async function form(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return Object.fromEntries(new URLSearchParams(text));
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  request.query = Object.fromEntries(url.searchParams);
  // samlp tells the bindings apart by whether there is a body.
  request.body = request.method === "POST" ? await form(request) : undefined;
  request.originalUrl = request.url;
  // What Express has and samlp uses.
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (first, second) => {
    if (typeof first === "number") response.statusCode = first;
    response.end(String(second ?? first));
  };
  const failed = (error) => {
    response.statusCode = 500;
    response.end(String(error?.stack ?? error));
  };
  try {
    if (url.pathname === "/sso") samlp.auth(options())(request, response, failed);
    else if (url.pathname === "/start") samlp.auth(options({ RelayState: url.searchParams.get("RelayState") }))(request, response, failed);
    else failed(`nothing at ${url.pathname}`);
  } catch (error) {
    failed(error);
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
issuer = `http://127.0.0.1:${server.address().port}`;

serve({
  async start() {
    const certificate = cert.toString().replace(/-----[^-]+-----|\s/g, "");
    const at = (binding) =>
      `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${issuer}/sso"/>`;
    // samlp's own metadata names http URLs by the Host header of a request; this is the same document.
    const metadata = `<EntityDescriptor entityID="${issuer}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>${at("HTTP-Redirect")}${at("HTTP-POST")}</IDPSSODescriptor></EntityDescriptor>`;
    return { url: issuer, metadata };
  },

  async set(wanted) {
    settings = wanted;
    seen = [];
  },

  async seen() {
    return { seen };
  },
});
