import { digestOf } from '#libs/vocabulary';
import { EphemeralStoreFull } from './ephemeral-store.ts';
import type { EphemeralKey, EphemeralStore } from './ephemeral-store.ts';
import { networksAround } from './networks-around.ts';
import type { NetworkAround } from './networks-around.ts';

/** Who asks, as far as counting goes. Neither is kept: what lies in the store is a digest. */
export interface Visitor {
  /** One address of IPv4 (`192.0.2.1/32`) or one /64 of IPv6. */
  readonly networkPrefix: string;
  /** digestOf the browser's id, where it has one. */
  readonly browserDigest?: string;
}

/** How often something may be asked for within the window, for one subject. */
export interface AllowanceLimits {
  /** From one address of IPv4, or one /64 of IPv6. */
  readonly host: number;
  /** From one /56 of IPv6: what a provider gives a household. */
  readonly site: number;
  /** From one /24 of IPv4 or one /48 of IPv6: what an organisation has. */
  readonly block: number;
  /** From everywhere, visitors that are known not counted. */
  readonly inAll: number;
  /**
   * What each host still has after all is spent, so that strangers never use up the last of it for others; and what its block has
   * then. Null: nothing.
   */
  readonly lastResort: { readonly host: number; readonly block: number } | null;
  /** What each browser or network that succeeded before for this subject has, and no stranger can spend. */
  readonly known: number;
}

/** `known` and `last-resort` are given past what is there for all. */
export type Standing = 'within' | 'known' | 'last-resort' | 'over';

export interface Spent {
  readonly standing: Standing;
  /** For what came to nothing. */
  giveBack(): Promise<void>;
}

const SECONDS_PER_HOUR = 3600;
/** 30 days: who reads once a month is still known. */
const KNOWN_TTL_SECONDS = 30 * 24 * SECONDS_PER_HOUR;

/**
 * A bound by network and in all, counted over all processes on the store in fixed windows of an hour. Small networks are counted
 * before large ones and these before all, so that one network alone never uses up what others have.
 */
export class Allowance {
  private readonly store: EphemeralStore;
  private readonly name: string;

  /** @param name of the counters: allowances of one name share what is spent */
  constructor(store: EphemeralStore, name: string) {
    this.store = store;
    this.name = name;
  }

  /** @param subject whose allowance it is: a person's id, a client's id or a digest; never an address in clear */
  async spend(
    subject: string,
    visitor: Visitor,
    limits: AllowanceLimits,
    knownAs: string | null = null,
  ): Promise<Spent> {
    const counted: EphemeralKey[] = [];
    const isWithin = async (key: EphemeralKey, limit: number): Promise<boolean> => {
      counted.push(key);
      return (await this.store.increment(key, { ttlSeconds: SECONDS_PER_HOUR })) <= limit;
    };
    const giveBack = async (): Promise<void> => {
      for (const key of counted) await this.store.increment(key, { by: -1, ttlSeconds: SECONDS_PER_HOUR });
    };
    const standing = await this.standingOf(subject, visitor, limits, knownAs, isWithin);
    return { standing, giveBack };
  }

  /** Whether the next one would be within the bound for a visitor that is not known; spends nothing. */
  async isLeft(subject: string, { networkPrefix }: Visitor, limits: AllowanceLimits): Promise<boolean> {
    const count = (key: EphemeralKey) => this.store.increment(key, { by: 0, ttlSeconds: SECONDS_PER_HOUR });
    for (const network of networksAround(networkPrefix)) {
      if ((await count(this.networkKey(subject, network))) >= limits[network.size]) return false;
    }
    return (await count(this.keyOf(subject))) < limits.inAll;
  }

  private async standingOf(
    subject: string,
    visitor: Visitor,
    limits: AllowanceLimits,
    knownAs: string | null,
    isWithin: (key: EphemeralKey, limit: number) => Promise<boolean>,
  ): Promise<Standing> {
    const known = knownAs === null || limits.known === 0 ? null : await knownMark(this.store, knownAs, visitor);
    if (known !== null && (await isWithin(`${this.keyOf(subject)}:known:${known}`, limits.known))) return 'known';
    const networks = networksAround(visitor.networkPrefix);
    for (const network of networks) {
      if (!(await isWithin(this.networkKey(subject, network), limits[network.size]))) return 'over';
    }
    if (await isWithin(this.keyOf(subject), limits.inAll)) return 'within';
    const { lastResort } = limits;
    if (lastResort === null) return 'over';
    for (const network of networks) {
      if (network.size === 'site') continue;
      if (!(await isWithin(`${this.networkKey(subject, network)}:last`, lastResort[network.size]))) return 'over';
    }
    return 'last-resort';
  }

  private keyOf(subject: string): EphemeralKey {
    return `${this.name}:${subject}`;
  }

  private networkKey(subject: string, { size, prefix }: NetworkAround): EphemeralKey {
    return `${this.keyOf(subject)}:${size}:${digestOf(prefix)}`;
  }
}

/** From here on this visitor's browser and network have a share of their own in what is allowed for that person. */
export async function noteSuccess(store: EphemeralStore, personId: string, visitor: Visitor): Promise<void> {
  try {
    for (const mark of marksOf(visitor)) await store.put(knownKey(personId, mark), Buffer.of(1), KNOWN_TTL_SECONDS);
  } catch (error) {
    if (!(error instanceof EphemeralStoreFull)) throw error; // it succeeded all the same, and is not known later
  }
}

/** By which of the two a visitor is known to have succeeded before; null for one that is not. */
async function knownMark(store: EphemeralStore, personId: string, visitor: Visitor): Promise<string | null> {
  for (const mark of marksOf(visitor)) if ((await store.get(knownKey(personId, mark))) !== null) return mark;
  return null;
}

function marksOf({ browserDigest, networkPrefix }: Visitor): string[] {
  return [...(browserDigest === undefined ? [] : [browserDigest]), digestOf(networkPrefix)];
}

function knownKey(personId: string, mark: string): EphemeralKey {
  return `succeeded:${personId}:${mark}`;
}
