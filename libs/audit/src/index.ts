export { MerkleTree, merkleLeafHash, merkleNodeHash } from './ledger/merkle-tree.ts';
export { AUDITED_TYPES, eventCatalogue } from './event-catalogue.ts';
export { auditTrail } from './read-models/audit-trail.ts';
export { decryptForDisplay, displayedData, ERASED } from './query/decrypt-for-display.ts';
export { queryAuditTrail, UnknownEventType, type AuditQuery, type AuditRow } from './query/query-audit-trail.ts';
