import { createPublicKey } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { temporaryKeyring } from '#libs/keyring/testing';
import type { TemporaryKeyring } from '#libs/keyring/testing';
import type { Clock } from '#libs/vocabulary';
import type { BridgeProof } from '../proof.ts';
import { portalClientKeys } from '../provider/clients.ts';
import type { BridgeClient, OidcBridgeSettings } from '../settings.ts';
import type { BrowserAnswer, StrangerBrowser, Transport } from './stranger-client-browser.ts';
import { openStrangerPortal, PUBLIC_URL, testSettings } from './stranger-client-portal.ts';
import type { StrangerPortal } from './stranger-client-portal.ts';
import { StrangerClient, strangerKeys } from './stranger-client.ts';
import type { StrangerAttempt } from './stranger-client.ts';

/** Each has keys of its own, and no others know them. */
const KEYS = {
  archive: strangerKeys(),
  ledger: strangerKeys(),
  console: strangerKeys(),
  mailer: strangerKeys(),
  auditor: strangerKeys(),
};
export type StrangerName = keyof typeof KEYS;

export function strangerKeyOf(name: StrangerName) {
  return KEYS[name].privateKey;
}

export const STRANGERS: readonly BridgeClient[] = [
  signInStranger('archive', 'application'),
  signInStranger('ledger', 'application'),
  signInStranger('console', 'console'),
  {
    kind: 'program',
    clientId: 'mailer',
    name: 'Mailer',
    publicKeys: [publicHalf('mailer')],
    scopes: ['messages:seal'],
  },
  {
    kind: 'program',
    clientId: 'auditor',
    name: 'Auditor',
    publicKeys: [publicHalf('auditor')],
    scopes: ['audit:read', 'audit:export'],
  },
];

function signInStranger(clientId: 'archive' | 'ledger' | 'console', kind: 'application' | 'console'): BridgeClient {
  const redirectUris = [`https://${clientId}.example/callback`];
  return { kind, clientId, name: clientId, publicKeys: [publicHalf(clientId)], redirectUris, passcodesPerHour: 10 };
}

function publicHalf(name: StrangerName) {
  return createPublicKey(KEYS[name].privateKey);
}

/** One store, one keyring, as many portal processes on them as asked for. The caller closes it. */
export class StrangerHouse {
  readonly portals: StrangerPortal[] = [];

  private constructor(
    readonly settings: OidcBridgeSettings,
    readonly store: MemoryEphemeralStore,
    readonly keys: TemporaryKeyring,
  ) {}

  static async open(
    options: { portals?: number; clock?: Clock; proofs?: (who: string) => BridgeProof; maxBytes?: number } = {},
  ): Promise<StrangerHouse> {
    const { portals = 1, maxBytes = 16e6, ...parts } = options;
    const store = new MemoryEphemeralStore({ maxBytes });
    const house = new StrangerHouse(testSettings({ clients: STRANGERS }), store, await temporaryKeyring());
    for (let n = 0; n < portals; n++) {
      const { settings, keys } = house;
      house.portals.push(
        await openStrangerPortal({ settings, ephemeral: asOverANetwork(store), keyring: keys.keyring, ...parts }),
      );
    }
    return house;
  }

  get portal(): StrangerPortal {
    const [first] = this.portals;
    if (first === undefined) throw new TypeError('a house without a portal');
    return first;
  }

  /** To every portal by turns, as a proxy without any memory sends them. */
  byTurns(): Transport {
    let turn = 0;
    return (url, init) => {
      const portal = this.portals[turn++ % this.portals.length] ?? this.portal;
      return portal.transport(url, init);
    };
  }

  browser(transport?: Transport): StrangerBrowser {
    return this.portal.browser(transport);
  }

  client(name: StrangerName | 'portal', transport: Transport = this.portal.transport): Promise<StrangerClient> {
    const issuer = new URL('/oidc', PUBLIC_URL);
    if (name !== 'portal') {
      const redirectUri = `https://${name}.example/callback`;
      return StrangerClient.discover({
        issuer,
        clientId: name,
        privateKey: KEYS[name].privateKey,
        redirectUri,
        transport,
      });
    }
    const [key] = portalClientKeys(this.keys.keyring);
    if (key === undefined) throw new TypeError('a keyring without an oidc key');
    const redirectUri = this.settings.portalRedirectUri;
    return StrangerClient.discover({ issuer, clientId: 'portal', ...key, redirectUri, transport });
  }

  async close(): Promise<void> {
    for (const portal of this.portals) await portal.close();
    await this.store.close();
    await this.keys.remove();
  }
}

/** The store as it is over a network: every call takes a while, so whatever is done between two calls is done by others too. */
function asOverANetwork(store: EphemeralStore): EphemeralStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await setImmediate();
        const answer: unknown = await Reflect.apply(member, target, args);
        await setImmediate();
        return answer;
      };
    },
  });
}

/** To the sign-in page. @returns its path, and what it says */
export async function toSignIn(browser: StrangerBrowser, attempt: StrangerAttempt) {
  const { location, status, body } = await browser.get(attempt.location);
  if (location === null) throw new Error(`no sign-in: ${status} ${body.slice(0, 200)}`);
  return { page: location.pathname, answer: await browser.get(location) };
}

/** From the sign-in page on to the client's own address. */
export async function proveAs(browser: StrangerBrowser, page: string, who: string): Promise<BrowserAnswer> {
  const finished = await browser.get(`${page}/finish?as=${who}`);
  return browser.follow(finished, ({ pathname }) => pathname === '/authenticate');
}

/** All of it but the exchange. */
export async function signIn(client: StrangerClient, browser: StrangerBrowser, who: string) {
  const attempt = await client.begin();
  const { page } = await toSignIn(browser, attempt);
  return { attempt, page, answer: await proveAs(browser, page, who) };
}
