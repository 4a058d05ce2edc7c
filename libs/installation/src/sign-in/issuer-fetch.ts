import { Agent, request } from 'undici';
import type { IssuerFetch } from '#libs/oidc-bridge';

/** Seconds that a portal has to take a connection, to begin with its answer, and to go on with it. */
const OWN_ANSWER_SECONDS = 5;
/** Seconds for which a connection is kept for the next question, whatever the server offers. */
const KEPT_SECONDS = 60;

/**
 * The portal asks its own bridge in this very process, over loopback: the public address may well not be reachable from in here.
 * Nothing but the bridge's own paths is asked that way.
 */
export function ownIssuer(publicUrl: URL, ownAddress: () => URL): IssuerFetch {
  return bridgeAt(publicUrl, ownAddress);
}

/** A console that is no portal asks the bridge of one, where it can reach it. */
export function issuerElsewhere(publicUrl: URL, portalUrl: URL): IssuerFetch {
  return bridgeAt(publicUrl, () => portalUrl);
}

/**
 * Connections are kept, and nothing of the browser's fetch is needed: its streams and signals would take more time than the bridge takes to answer.
 * Redirects are not followed.
 */
function bridgeAt(publicUrl: URL, addressOf: () => URL): IssuerFetch {
  const timeLimit = OWN_ANSWER_SECONDS * 1000;
  const agent = new Agent({
    connect: { timeout: timeLimit },
    headersTimeout: timeLimit,
    bodyTimeout: timeLimit,
    keepAliveMaxTimeout: KEPT_SECONDS * 1000,
  });
  return async (url, { method = 'GET', headers, body, signal }) => {
    const asked = new URL(url);
    if (asked.origin !== publicUrl.origin || !/^\/oidc(\/|$)/.test(asked.pathname)) {
      throw new TypeError('not an address of this portal’s own OpenID provider');
    }
    const answer = await request(new URL(asked.pathname + asked.search, addressOf()), {
      dispatcher: agent,
      method: method as 'GET' | 'POST',
      headers: Object.fromEntries(new Headers(headers)),
      body: body == null ? null : String(body),
      signal: signal ?? null,
    });
    if (answer.statusCode >= 300 && answer.statusCode < 400) {
      await answer.body.dump();
      throw new TypeError('the bridge answered with a redirect');
    }
    const kept = ['content-type', 'www-authenticate'].flatMap((name): [string, string][] => {
      const value = answer.headers[name];
      return value === undefined ? [] : [[name, String(value)]];
    });
    return new Response(await answer.body.arrayBuffer(), { status: answer.statusCode, headers: kept });
  };
}
