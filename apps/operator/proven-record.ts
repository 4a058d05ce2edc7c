import {
  checkpointsBetween,
  eventsFrom,
  exportRange,
  lastCheckpoint,
  LedgerTree,
  readCheckpoint,
  readTrustedKey,
  verifyExport,
} from '#libs/audit';
import type { VerifyReport } from '#libs/audit';
import type { EventStore, ReadModelDatabase } from '#libs/event-store';
import type { Keyring } from '#libs/keyring';
import { ledgerKeys } from './opened-ledger.ts';

/** What the record's own checkpoints, and those that were kept elsewhere, say of a record whose read models have caught up. */
export type ProvenRecord = Omit<VerifyReport, 'exposure'> & {
  /** Of checkpoints kept elsewhere, the largest that this record does not reach: it was set back to before that. Null: none. */
  readonly knownBeyond: number | null;
};

/** Of a log whose name is not known: what was kept elsewhere is no checkpoint, and the verifier says so. */
const NO_ORIGIN = 'none';

/**
 * Null: no checkpoint was ever signed, and none was kept elsewhere. One that was proves or contradicts also a record that has none of its own, or
 * has lost those after it.
 * @param known notes of checkpoints that were kept elsewhere
 */
export async function provenRecord(
  store: EventStore,
  db: ReadModelDatabase,
  keyring: Keyring,
  known: readonly string[],
): Promise<ProvenRecord | null> {
  const last = lastCheckpoint(db);
  if (last === null && known.length === 0) return null;
  const tree = new LedgerTree(db);
  const signed = last?.ledger.size ?? 0;
  // Those before are compared as the hashes come by.
  const kept = known
    .map((note) => ({ size: readCheckpoint(note)?.size ?? 0, note }))
    .filter(({ size }) => size > signed && size <= tree.size)
    .toSorted((one, other) => one.size - other.size);
  const checkpoints = function* () {
    yield* checkpointsBetween(db, 0, signed);
    for (const { note } of kept) yield note;
  };
  const size = kept.at(-1)?.size ?? signed;
  const origin = last?.ledger.origin ?? known.map(originOf).find((each) => each !== null) ?? NO_ORIGIN;
  const lines = exportRange({ events: eventsFrom(store, tree, 0, size), tree, from: 0, checkpoints: checkpoints() });
  const keys = ledgerKeys(keyring, origin).flatMap((key) => readTrustedKey(key) ?? []);
  const report = await verifyExport(lines, { keys, known });
  const setBack = report.findings.flatMap((finding) => (finding.kind === 'rolled-back' ? [finding.knownSize] : []));
  const findings = report.findings.filter(({ kind }) => kind !== 'rolled-back');
  return {
    ...report,
    findings,
    isProven: findings.length === 0,
    unprovenEvents: tree.size - (report.provenTo?.size ?? 0),
    knownBeyond: setBack.length === 0 ? null : Math.max(...setBack),
  };
}

/** Null for what is no checkpoint of any log. */
function originOf(note: string): string | null {
  const { origin = '' } = readCheckpoint(note) ?? {};
  return /^[^\s+]+$/.test(origin) ? origin : null;
}
