// An OpenID Connect provider over TLS on loopback, as the standard has it: discovery,
// keys, a token endpoint. The arguments are the port, and the files of certificate
// and key. It says {"issuer": …} once it listens; then each line of standard input, a
// JSON object, is answered by one:
//
//   {"op": "rotate"}  from now on other keys sign, and the old ones are published no
//                     longer
//   {"op": "id_token", "sub": …, "claims": {…}}
//                     an ID token for the client, as the provider makes them
//
// The client "workload" with the secret "workload-secret" gets access tokens that are
// JSON Web Tokens, by client credentials for the resource "https://store.example.com".
"use strict";

const { generateKeyPairSync, randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:https");
const { createInterface } = require("node:readline");
const { pathToFileURL } = require("node:url");

const [port, certificate, key] = process.argv.slice(2);
const issuer = `https://127.0.0.1:${port}`;

function jwks() {
  const pair = (type, options, alg) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg,
  });
  return { keys: [pair("rsa", { modulusLength: 2048 }, "RS256"), pair("ec", { namedCurve: "P-256" }, "ES256")] };
}

let Provider; // a module that only import() takes, and that NODE_PATH finds

function make() {
  const client = (id) => ({
    client_id: id, client_secret: `${id}-secret`, redirect_uris: [], response_types: [],
    grant_types: ["client_credentials"], id_token_signed_response_alg: "ES256",
  });
  return new Provider(issuer, {
    jwks: jwks(),
    clients: [client("workload")],
    ttl: { ClientCredentials: 600, IdToken: 600 },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "https://store.example.com",
        getResourceServerInfo: (_ctx, audience) => ({
          scope: "", audience, accessTokenFormat: "jwt", accessTokenTTL: 600, jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
}

let provider, answer;

function renew() {
  provider = make();
  answer = provider.callback();
}

async function act({ op, sub, claims }) {
  switch (op) {
    case "rotate":
      renew();
      return {};
    case "id_token": {
      const client = await provider.Client.find("workload");
      const token = new provider.IdToken({ sub }, { client });
      for (const [name, value] of Object.entries({ sub, ...claims })) token.set(name, value);
      return { token: await token.issue({ use: "idtoken" }) };
    }
    default:
      throw new Error(`no operation ${op}`);
  }
}

async function main() {
  ({ default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider"))));
  renew();
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => answer(request, response));
  await new Promise((listening) => server.listen(Number(port), "127.0.0.1", listening));
  console.log(JSON.stringify({ issuer }));
  for await (const line of createInterface({ input: process.stdin })) {
    let said;
    try {
      said = await act(JSON.parse(line));
    } catch (error) {
      said = { error: `${error}` };
    }
    console.log(JSON.stringify(said));
  }
  process.exit(0);
}

main();
