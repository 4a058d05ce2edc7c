export {
  recordAuditing,
  type AskedFor,
  type Asker,
  type AuditExportForm,
  type AuditorEvent,
  type AuditQuestionKind,
} from './auditors/auditor-events.ts';
export { RefusalsRecorded } from './auditors/refusals-recorded.ts';
export { appointCanary } from './canary/canary-events.ts';
export { newestCanaryView } from './canary/newest-canary-view.ts';
export { AUDITED_TYPES, EVIDENCE_IN_TRAIL, eventCatalogue, isAudited } from './event-catalogue.ts';
export type { AuditedType, RecordedValues } from './recorded-values.ts';
export { exportExposure } from './export/exposure-export.ts';
export { exportRange, exportSelection, type SelectedEvent } from './export/range-export.ts';
export { exportSelectionAsCsv } from './export/csv-export.ts';
export { RememberedTiles, selectedEvents } from './export/selected-events.ts';
export { FIGURE_KINDS, figuresOf, type FigureKind, type Figures } from './figures/figures.ts';
export { auditFigures } from './figures/figures-projection.ts';
export { FIGURE_DAYS, type FigureDays } from './figures/spans.ts';
export { LedgerAnswers } from './ledger/ledger-answers.ts';
export { readCheckpoint } from './ledger/checkpoint.ts';
export { CheckpointNotCopied, type CheckpointPlace, postedTo } from './ledger/checkpoint-copies.ts';

export { eventsFrom } from './ledger/events-from.ts';
export { LedgerKeeper } from './ledger/ledger-keeper.ts';
export {
  checkpointAtMost,
  checkpointsBetween,
  checkpointsUpTo,
  lastCheckpoint,
  ledgerProjection,
} from './ledger/ledger-projection.ts';
export { LedgerContradicted } from './ledger/ledger.ts';
export { LedgerTree } from './ledger/ledger-tree.ts';
export { MerkleTree } from './ledger/merkle-tree.ts';
export { publishedCheckpoint } from './ledger/publication.ts';
export { verifierKey } from './ledger/signed-note.ts';
export { readWitness, WitnessDidNotSign, type Witness } from './ledger/witness.ts';
export { inclusionProof } from './ledger/tree-proofs.ts';
export { MessagesInTrail, sealings } from './messages-in-trail.ts';
export { personsInTrail, takesPart } from './persons-in-trail.ts';
export { decryptForDisplay } from './query/decrypt-for-display.ts';

export { AUDIT_CSV_HEAD, auditCsvLine, csvField } from './query/audit-csv.ts';
export { BadAuditQuery, type AuditFilter, type AuditPaging } from './query/audit-filter.ts';
export { queryAuditTrail } from './query/query-audit-trail.ts';
export type { AuditPage, AuditRow } from './query/audit-page.ts';
export { AuditTrailThread, trailIn, type AuditTrailSource } from './query/audit-trail-source.ts';
export { recentSignIns } from './query/recent-sign-ins.ts';
export { standingHolds, type StandingHold } from './query/standing-holds.ts';
export { messageTimeline, personTimeline } from './query/timelines.ts';
export type { Timeline, TimelineEntry } from './query/timelines.ts';
export { planRemoval, removeContents, type RetentionCounts } from './retention/remove-contents.ts';
export { requireTimelyRetention, RetentionKeeper } from './retention/retention-keeper.ts';
export { RETENTION_KINDS, RETENTION_MIN_DAYS, retentionRules } from './retention/retention-rules.ts';
export { auditTrail } from './read-models/audit-trail.ts';
export { exportLines } from './verify/csv-lines.ts';
export { readTrustedKey, type TrustedKey } from './verify/note.ts';
export { VerificationTooLarge, verifyFile } from './verify-file.ts';
export { verifyExport, type Finding, type VerifyReport } from './verify/verify-export.ts';
