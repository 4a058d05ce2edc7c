import { changeJson, getJson, isText, listOf, recordLike } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import type { Keyring, KeyId, SealingEpoch, SealingRecipient } from '#libs/keyring';
import { secondsBetween } from '#libs/vocabulary';
import type { Clock, Instant } from '#libs/vocabulary';

/**
 * A new epoch is sealed to only once every portal can open it. Portals tell in one record of the ephemeral store which epochs
 * they hold; gateways read it. Whether a portal lives is told by its entry going on changing, watched by each process with a
 * clock of its own: `seenAt` is compared for equality alone, so that no two machines need agree on the time.
 */
const RECORD: EphemeralKey = 'sealing-epochs:portals';

interface PortalEntry {
  readonly instanceId: string;
  /** The newest `MAX_TOLD` whose private half it holds. */
  readonly sealingKeyIds: readonly KeyId[];
  readonly seenAt: Instant;
}

/** Sixteen epochs back a message has long expired, or was sealed when all of this was settled. */
const MAX_TOLD = 16;
/** The record goes when no portal has written it for so long. */
const RECORD_TTL_SECONDS = 60;

export interface EpochTimes {
  /** How often a portal says that it lives, when nothing has changed. Default 2 s. */
  readonly tellEveryMs: number;
  /** How often keyring and record are looked at; a portal tells of a change at once. Default 0.5 s. */
  readonly lookEveryMs: number;
  /** An entry that has not changed for so long is of a portal that is gone. Default 10 s. */
  readonly goneAfterMs: number;
}

const DEFAULT_TIMES: EpochTimes = { tellEveryMs: 2_000, lookEveryMs: 500, goneAfterMs: 10_000 };

/** Entries as this process has seen them change. */
class Watched {
  private readonly changes = new Map<string, { readonly entry: PortalEntry; readonly changedAtMs: number }>();

  constructor(private readonly goneAfterMs: number) {}

  /** @returns the entries of portals that live */
  living(entries: readonly PortalEntry[]): PortalEntry[] {
    const nowMs = performance.now();
    const ids = new Set(entries.map(({ instanceId }) => instanceId));
    for (const instanceId of this.changes.keys()) if (!ids.has(instanceId)) this.changes.delete(instanceId);
    for (const entry of entries) {
      const before = this.changes.get(entry.instanceId);
      if (before?.entry.seenAt === entry.seenAt) continue;
      this.changes.set(entry.instanceId, { entry, changedAtMs: nowMs });
    }
    return [...this.changes.values()]
      .filter(({ changedAtMs }) => nowMs - changedAtMs < this.goneAfterMs)
      .map(({ entry }) => entry);
  }
}

export interface PortalEpochsOptions {
  /** Names this process among the portals; random, new at each start. */
  readonly instanceId: string;
  readonly keyring: Keyring;
  readonly store: EphemeralStore;
  readonly clock: Clock;
  /** Told when the record could not be written; tried again all the time. */
  readonly onFailure?: (error: unknown) => void;
  readonly times?: Partial<EpochTimes>;
}

/** A portal's side: says which epochs it can open, and that it lives. */
export class PortalEpochs {
  private readonly times: EpochTimes;
  private readonly others: Watched;
  private timer: NodeJS.Timeout | null = null;
  private told = '';
  private toldAtMs = -Infinity;
  private working: Promise<void> = Promise.resolve();

  constructor(private readonly options: PortalEpochsOptions) {
    this.times = { ...DEFAULT_TIMES, ...options.times };
    this.others = new Watched(this.times.goneAfterMs);
  }

  /** Tells once, and goes on. Never rejects: what cannot be told now is told later. */
  async start(): Promise<void> {
    const next = () => {
      this.timer = setTimeout(() => void this.tell().then(next), this.times.lookEveryMs);
      this.timer.unref();
    };
    await this.tell();
    next();
  }

  /** Takes its entry away, so that nobody waits for a portal that is gone. May be called twice. */
  async stop(): Promise<void> {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    await this.working;
    await this.change([]).catch(() => undefined); // it expires by itself
  }

  private tell(): Promise<void> {
    this.working = this.tellNow().catch((error: unknown) => this.options.onFailure?.(error));
    return this.working;
  }

  private async tellNow(): Promise<void> {
    const { instanceId, keyring, clock } = this.options;
    const sealingKeyIds = openableHere(keyring).slice(0, MAX_TOLD);
    const isNews = sealingKeyIds.join() !== this.told;
    if (!isNews && performance.now() - this.toldAtMs < this.times.tellEveryMs) return;
    await this.change([{ instanceId, sealingKeyIds, seenAt: clock.now() }]);
    this.told = sealingKeyIds.join();
    this.toldAtMs = performance.now();
  }

  private async change(own: readonly PortalEntry[]): Promise<void> {
    const { store, instanceId } = this.options;
    await changeJson(store, RECORD, parseEntries, (current) => {
      const others = (current ?? []).filter((entry) => entry.instanceId !== instanceId);
      const living = [...this.others.living(others), ...own];
      return living.length === 0 ? 'remove' : { value: living, ttlSeconds: RECORD_TTL_SECONDS };
    });
  }
}

export interface GatewayEpochsOptions {
  readonly keyring: Keyring;
  /** Where portals tell; null when there is no such place: they are others on `memory:`, or this process is the only one. */
  readonly store: EphemeralStore | null;
  /** The portal that this process is as well: it answers for itself, and on `memory:` it is the only one. Null: it is none. */
  readonly ownPortal: string | null;
  /** What an epoch must be old, in seconds, where no portal can be asked. */
  readonly newEpochAfterSeconds: number;
  readonly clock: Clock;
  /** Told once for each epoch that waits, and once when it is used. */
  readonly onNotice?: (notice: EpochNotice) => void;
  readonly onFailure?: (error: unknown) => void;
  readonly times?: Partial<EpochTimes>;
}

export interface EpochNotice {
  readonly what: 'waits' | 'used';
  readonly sealingKeyId: KeyId;
  /** Portals that live, and how many of them can open it. */
  readonly portals: number;
  readonly canOpen: number;
}

/** A gateway's side: which epoch to seal to now. */
export class GatewayEpochs {
  private readonly watched: Watched;
  private readonly lookEveryMs: number;
  private timer: NodeJS.Timeout | null = null;
  private portals: readonly ReadonlySet<KeyId>[] = [];
  private used: KeyId | null = null;
  private waiting: KeyId | null = null;

  constructor(private readonly options: GatewayEpochsOptions) {
    const times = { ...DEFAULT_TIMES, ...options.times };
    this.watched = new Watched(times.goneAfterMs);
    this.lookEveryMs = times.lookEveryMs;
  }

  /** Looks once, and goes on looking. Never rejects: while the store is away, what was known last counts. */
  async start(): Promise<void> {
    const next = () => {
      this.timer = setTimeout(() => void this.look().then(next), this.lookEveryMs);
      this.timer.unref();
    };
    await this.look();
    next();
  }

  /** May be called twice. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** @throws KeyringFault when the keyring has no sealing key at all */
  sealingRecipient(): SealingRecipient {
    const { keyring, clock, store, newEpochAfterSeconds } = this.options;
    const epochs = keyring.sealingEpochs();
    const portals = this.livingPortals();
    const used = store === null ? null : this.used;
    const chosen = chooseEpoch(epochs, portals, { used, now: clock.now(), newEpochAfterSeconds });
    if (chosen === null) return keyring.sealingRecipient(); // which says that there is none
    this.notice(epochs[0]?.keyId ?? chosen.keyId, chosen.keyId, portals);
    this.used = chosen.keyId;
    return chosen;
  }

  private livingPortals(): readonly ReadonlySet<KeyId>[] {
    const { ownPortal, keyring } = this.options;
    return ownPortal === null ? this.portals : [...this.portals, new Set(openableHere(keyring))];
  }

  private async look(): Promise<void> {
    const { store, ownPortal, onFailure } = this.options;
    if (store !== null) {
      try {
        const entries = (await getJson(store, RECORD, parseEntries)) ?? [];
        const others = entries.filter(({ instanceId }) => instanceId !== ownPortal);
        this.portals = this.watched.living(others).map(({ sealingKeyIds }) => new Set(sealingKeyIds));
      } catch (error) {
        onFailure?.(error);
      }
    }
    try {
      this.sealingRecipient(); // so that the log tells of a new epoch though nobody seals
    } catch {
      // said by the keyring's own faults, and to whoever wants to seal
    }
  }

  private notice(newest: KeyId, chosen: KeyId, portals: readonly ReadonlySet<KeyId>[]): void {
    const tell = (what: EpochNotice['what'], sealingKeyId: KeyId) =>
      this.options.onNotice?.({
        what,
        sealingKeyId,
        portals: portals.length,
        canOpen: portals.filter((held) => held.has(sealingKeyId)).length,
      });
    if (newest !== chosen && this.waiting !== newest) tell('waits', newest);
    if (this.used !== null && this.used !== chosen) tell('used', chosen);
    this.waiting = newest === chosen ? null : newest;
  }
}

/**
 * The newest epoch that every living portal holds. Where none is held by all (portals with different keyrings), the one that
 * most of them hold: mail is sealed so that it can be opened somewhere. Where no portal is known, what was used last, and at
 * first the newest that is old enough to have reached them.
 */
export function chooseEpoch(
  epochs: readonly SealingEpoch[],
  portals: readonly ReadonlySet<KeyId>[],
  facts: { readonly used: KeyId | null; readonly now: Instant; readonly newEpochAfterSeconds: number },
): SealingEpoch | null {
  if (portals.length === 0) {
    const isOldEnough = ({ createdAt }: SealingEpoch) =>
      createdAt === null || secondsBetween(createdAt, facts.now) >= facts.newEpochAfterSeconds;
    const usedLast = epochs.find(({ keyId }) => keyId === facts.used);
    return usedLast ?? epochs.find(isOldEnough) ?? epochs.at(-1) ?? null;
  }
  let chosen: SealingEpoch | null = null;
  let most = -1;
  for (const epoch of epochs) {
    const holders = portals.filter((held) => held.has(epoch.keyId)).length;
    if (holders > most) [chosen, most] = [epoch, holders];
  }
  return chosen;
}

function openableHere(keyring: Keyring): KeyId[] {
  return keyring
    .sealingEpochs()
    .filter(({ isOpenedHere }) => isOpenedHere)
    .map(({ keyId }) => keyId);
}

const areEntries = listOf(
  recordLike<PortalEntry>({ instanceId: isText, sealingKeyIds: listOf(isText), seenAt: isText }),
);

/** Null for what another release wrote: it is then written anew. */
function parseEntries(json: unknown): readonly PortalEntry[] | null {
  return areEntries(json) ? (json as PortalEntry[]) : null;
}
