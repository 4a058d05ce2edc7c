import {
  checkpointsBetween,
  eventsFrom,
  exportRange,
  lastCheckpoint,
  LedgerTree,
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

/** Null: no checkpoint was ever signed. @param known notes of checkpoints that were kept elsewhere */
export async function provenRecord(
  store: EventStore,
  db: ReadModelDatabase,
  keyring: Keyring,
  known: readonly string[],
): Promise<ProvenRecord | null> {
  const last = lastCheckpoint(db);
  if (last === null) return null;
  const tree = new LedgerTree(db);
  const { size, origin } = last.ledger;
  const lines = exportRange({
    events: eventsFrom(store, tree, 0, size),
    tree,
    from: 0,
    checkpoints: checkpointsBetween(db, 0, size),
  });
  const keys = ledgerKeys(keyring, origin).flatMap((key) => readTrustedKey(key) ?? []);
  const report = await verifyExport(lines, { keys, known });
  const setBack = report.findings.flatMap((finding) => (finding.kind === 'rolled-back' ? [finding.knownSize] : []));
  const findings = report.findings.filter(({ kind }) => kind !== 'rolled-back');
  return {
    ...report,
    findings,
    isProven: findings.length === 0,
    unprovenEvents: tree.size - size,
    knownBeyond: setBack.length === 0 ? null : Math.max(...setBack),
  };
}
