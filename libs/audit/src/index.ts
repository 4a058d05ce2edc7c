export { MerkleTree, merkleLeafHash, merkleNodeHash } from './ledger/merkle-tree.ts';
export { AUDITED_TYPES, auditTrail, type AuditedEvent } from './read-models/audit-trail.ts';
export {
  decryptForDisplay,
  ERASED,
  queryAuditTrail,
  UnknownEventType,
  type AuditQuery,
  type AuditRow,
} from './query/query-audit-trail.ts';
