import type { IssuerFetch } from '#libs/oidc-bridge';

/** Seconds that a portal has to answer. */
const OWN_ANSWER_SECONDS = 5;

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

function bridgeAt(publicUrl: URL, addressOf: () => URL): IssuerFetch {
  return async (url, options) => {
    const asked = new URL(url);
    if (asked.origin !== publicUrl.origin || !/^\/oidc(\/|$)/.test(asked.pathname)) {
      throw new TypeError('not an address of this portal’s own OpenID provider');
    }
    const here = new URL(asked.pathname + asked.search, addressOf());
    const signal = AbortSignal.any([
      ...(options.signal ? [options.signal] : []),
      AbortSignal.timeout(OWN_ANSWER_SECONDS * 1000),
    ]);
    return fetch(here, { ...options, redirect: 'error', signal });
  };
}
