import { setTimeout as sleep } from 'node:timers/promises';
import { RevisionConflict } from '#libs/event-store';
import type { EventStore, ExpectedRevision, ReadModels } from '#libs/event-store';
import type { Keyring } from '#libs/keyring';
import type { Clock } from '#libs/vocabulary';
import { readCheckpoint, signCheckpoint } from './checkpoint.ts';
import { CheckpointCopies } from './checkpoint-copies.ts';
import type { CheckpointPlace, CopyPaces } from './checkpoint-copies.ts';
import type { TreeHead } from './checkpoint.ts';
import { ledger, LEDGER_STREAM, LedgerContradicted, signHead } from './ledger.ts';
import type { Ledger, LedgerEvent } from './ledger.ts';
import { eventsFrom } from './events-from.ts';
import { lastCheckpoint } from './ledger-projection.ts';
import { LedgerTree } from './ledger-tree.ts';
import { ledgerLeaf } from './leaf.ts';
import { publishedCheckpoint, publishLedger } from './publication.ts';
import { verifierKey } from './signed-note.ts';
import { RecordAgainstTree, RecordAltered } from './record-against-tree.ts';
import { rootAt } from './tree-proofs.ts';
import { readSignedCheckpoint, readTrustedKey } from '../verify/note.ts';
import type { Witness } from './witness.ts';
import { Witnesses } from './witnesses.ts';

export interface LedgerKeeperOptions {
  /** The name of a log that has none yet: the portal's host and `/ledger`. */
  readonly origin: string;
  /** Where tiles and checkpoints are published, best a place that the database's administrator cannot write; null: nowhere. */
  readonly directory: string | null;
  /** Whose cosignatures the published note carries. */
  readonly witnesses?: readonly Witness[];
  /** Who else is given the newest checkpoint, also one that a command signed, or another console. */
  readonly copiesTo?: readonly CheckpointPlace[];
  /** Shorter, for tests. */
  readonly copyPaces?: CopyPaces;
  /** How often to look whether a checkpoint is due. */
  readonly intervalMs?: number;
  readonly onFault: (error: unknown) => void;
}

/**
 * Signs the head of the log when it is due, records that, and then publishes it. Several may run on one log: each checkpoint is
 * appended at its predecessor's revision, so one of them wins and the others take what it signed.
 */
export class LedgerKeeper {
  private running: { stop: AbortController; done: Promise<void> } | null = null;
  private fault: unknown = null;
  private lastStanding: string | null = null;
  private readonly witnesses: Witnesses;
  private readonly copies: CheckpointCopies;
  private readonly record: RecordAgainstTree;
  private altered: RecordAltered | null = null;

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly keyring: Pick<Keyring, 'ledgerSigner' | 'ledgerVerifiers'>,
    private readonly clock: Clock,
    private readonly options: LedgerKeeperOptions,
  ) {
    const { witnesses = [], copiesTo = [], copyPaces, onFault } = options;
    this.copies = new CheckpointCopies(copiesTo, onFault, copyPaces);
    this.record = new RecordAgainstTree(store, readModels.db, clock);
    this.witnesses = new Witnesses({ witnesses, onFault, isOurs: (note) => this.isOurs(note) });
  }

  /** Why the last attempt failed; null when it did not. A contradiction stays until the process is started anew. */
  get lastFault(): unknown {
    return this.fault;
  }

  /** An event that was found changed since it was read; null: none, as far as was looked (RecordAgainstTree). Stays until the process is started anew. */
  get recordFault(): RecordAltered | null {
    return this.altered;
  }

  /** Witnesses that did not sign when they were last asked: the checkpoint was published without them. */
  get witnessFaults(): readonly unknown[] {
    return this.witnesses.faults;
  }

  /** Places that could not be given a checkpoint when that was last tried. */
  get copyFaults(): readonly unknown[] {
    return this.copies.faults;
  }

  start(): void {
    if (this.running !== null) return;
    const stop = new AbortController();
    this.running = { stop, done: this.run(stop.signal) };
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.running?.stop.abort();
    await this.running?.done;
    this.running = null;
    await this.copies.stop();
  }

  /**
   * Signs the head now, due or not, and publishes it.
   * @returns the newest checkpoint; null while the read model has nothing to sign
   * @throws LedgerContradicted, EventStoreUnavailable, and what the file system throws
   */
  async signNow(): Promise<string | null> {
    return this.keep(true);
  }

  /**
   * Whether the log holds what was published last, and what witnesses have signed: to be asked once the read model has caught up,
   * before anything is served.
   * @throws LedgerContradicted
   */
  async requireConsistent(): Promise<void> {
    const tree = new LedgerTree(this.readModels.db);
    const { state } = await this.signed();
    await this.witnesses.requireConsistent(state?.origin ?? this.options.origin, tree);
    const note = this.options.directory === null ? null : await publishedCheckpoint(this.options.directory);
    const head = note === null ? null : readCheckpoint(note);
    if (head === null) return;
    if (tree.size < head.size || !rootAt(tree, head.size).equals(head.root))
      throw new LedgerContradicted(head.size, head.origin);
  }

  private async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (!(this.fault instanceof LedgerContradicted)) await this.keep(false);
        if (!(this.fault instanceof LedgerContradicted)) this.fault = null;
      } catch (error) {
        this.fault = error;
        this.options.onFault(error);
      }
      await this.lookAtRecord();
      await sleep(this.options.intervalMs ?? 5000, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  /** What is signed is the tree of what was recorded, so that signing goes on: that is what shows what was changed. */
  private async lookAtRecord(): Promise<void> {
    if (this.altered !== null) return;
    try {
      await this.record.look();
    } catch (error) {
      if (!(error instanceof RecordAltered)) return; // the store is away, or the tree is filled anew: others say so
      this.altered = error;
      this.options.onFault(error);
    }
  }

  private async keep(isWanted: boolean): Promise<string | null> {
    const { state, revision } = await this.signed();
    const tree = new LedgerTree(this.readModels.db);
    const signer = this.keyring.ledgerSigner();
    const standing = state !== null && this.isStanding(state) ? state : null;
    const sign = (head: TreeHead) =>
      signCheckpoint(head, { publicKey: signer.publicKey, sign: (bytes) => signer.sign(bytes) });
    const size = tree.size;
    const events = signHead(state, {
      head: { origin: this.options.origin, size, root: rootAt(tree, size) },
      rootAtLast: state === null || state.size > size ? null : rootAt(tree, state.size),
      now: this.clock.now(),
      ledgerKeyId: signer.keyId,
      sign,
      isWanted: isWanted || (state !== null && standing === null), // what nobody of ours signed stands for nothing
    });
    try {
      if (events.length > 0 && size > 0) await this.store.append(LEDGER_STREAM, revision, events);
    } catch (error) {
      if (error instanceof RevisionConflict) return this.keep(isWanted); // another console signed meanwhile
      throw error;
    }
    const signed = size > 0 ? events[0]?.data : undefined;
    const newest = signed ?? standing;
    if (newest !== null) this.copies.give(newest.note, newest.signedAt, this.clock.now());
    const note = signed?.note ?? state?.note ?? null;
    await this.publish(note, tree);
    return note;
  }

  /** From the read model, and from the stream what the model has not seen yet: costs the same after ten years. */
  private async signed(): Promise<{ state: Ledger; revision: ExpectedRevision }> {
    const last = lastCheckpoint(this.readModels.db);
    let state: Ledger = last?.ledger ?? null;
    let revision: ExpectedRevision = last?.revision ?? 'NONE';
    const fromRevision = last === null ? 0 : last.revision + 1;
    for await (const event of this.store.readStream(LEDGER_STREAM, { fromRevision })) {
      state = ledger.evolve(state, event as unknown as LedgerEvent);
      revision = event.revision;
    }
    return { state, revision };
  }

  private async publish(note: string | null, tree: LedgerTree): Promise<void> {
    const size = note === null ? 0 : (readCheckpoint(note)?.size ?? 0);
    if (note === null || this.options.directory === null || size > tree.size) return;
    const { directory } = this.options;
    const published = readCheckpoint((await publishedCheckpoint(directory)) ?? '');
    if (published !== null && published.size >= size) return;
    const cosigned = await this.witnesses.cosign(note, tree);
    await publishLedger(directory, cosigned, tree, (first, count) => this.leaves(tree, first, count));
  }

  /** Whether its note says what the record says of it, and a key of ours signed that: anybody who writes the database can append an event. */
  private isStanding({ note, size, root }: NonNullable<Ledger>): boolean {
    if (note !== this.lastStanding) {
      const head = readCheckpoint(note);
      if (head?.size !== size || Buffer.from(head.root).toString('base64') !== root || !this.isOurs(note)) return false;
      this.lastStanding = note;
    }
    return true;
  }

  private isOurs(note: string): boolean {
    const keys = this.keyring
      .ledgerVerifiers()
      .flatMap(({ publicKey }) => readTrustedKey(verifierKey(readCheckpoint(note)?.origin ?? '', publicKey)) ?? []);
    return typeof readSignedCheckpoint(note, keys) === 'object';
  }

  private async leaves(tree: LedgerTree, first: number, count: number): Promise<Uint8Array[]> {
    const leaves: Uint8Array[] = [];
    for await (const event of eventsFrom(this.store, tree, first, count)) leaves.push(ledgerLeaf(event));
    return leaves;
  }
}
