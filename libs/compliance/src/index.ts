export { backupEvents, type BackupEvent } from './backups/backup-events.ts';
export { BackupsMade, recordBackup } from './backups/backups-made.ts';
export { EndSessions, EndSessionsHandler } from './end-sessions/end-sessions.ts';
export {
  EraseSubject,
  EraseSubjectHandler,
  type Erasure,
  type ErasureReach,
  type WhomToErase,
} from './erase-subject/erase-subject.ts';
export { erasedButThere, readErasedSubjects, replayErasures } from './erased-subjects.ts';
export { HoldSubject, HoldSubjectHandler, LiftHold, LiftHoldHandler } from './hold-subject/hold-subject.ts';
export { keyEvents, type KeyEvent } from './keys/key-events.ts';
export { readKeyHistory } from './keys/key-history.ts';
export { recordKeyAct, recordKeysFound } from './keys/record-keys.ts';
export { type MessageOfPerson, MessagesOfPerson } from './messages-of-person.ts';
export { RevokeMessages, RevokeMessagesHandler } from './revoke-messages/revoke-messages.ts';
export {
  ConfirmAct,
  ConfirmActHandler,
  DeclineAct,
  DeclineActHandler,
  ProposeAct,
  ProposeActHandler,
} from './second-person/confirm-act.ts';
export { lastMomentOf, PROPOSAL_SECONDS, type Proposal, readProposal } from './second-person/proposal.ts';
export {
  type ExportAsked,
  type ExportQuestion,
  proposalEvents,
  type ProposalEvent,
  type ProposalId,
  type ProposedAct,
  SECOND_PERSON_ACTS,
  type SecondPersonAct,
} from './second-person/proposal-events.ts';
export { TakeExport, TakeExportHandler } from './second-person/take-export.ts';
export { type MandateOfCase } from './subject.ts';
export { erasureEvents, subjectEvents, type ErasureEvent, type SubjectEvent } from './subject-events.ts';
