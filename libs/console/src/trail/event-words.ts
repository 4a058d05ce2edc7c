import type { AuditedType } from '#libs/audit';
import type { Evidence, Outcome } from '#libs/event-store';
import { isTextKey } from '#libs/web-ui';
import type { TextKey } from '#libs/web-ui';

/** What a kind of event is called, for who does not know its name. One that is new shows its name alone. */
const TITLES = {
  MessageSealed: 'console.events.messageSealed',
  MessageViewed: 'console.events.messageViewed',
  AttachmentViewed: 'console.events.attachmentViewed',
  AttachmentDownloaded: 'console.events.attachmentDownloaded',
  MessageRevoked: 'console.events.messageRevoked',
  CarrierOpened: 'console.events.carrierOpened',
  OpeningsSummarised: 'console.events.openingsSummarised',
  ViewDenied: 'console.events.viewDenied',
  AuthenticationFailed: 'console.events.authenticationFailed',
  RecipientAuthenticated: 'console.events.recipientAuthenticated',
  OtpIssued: 'console.events.otpIssued',
  OtpDelivered: 'console.events.otpDelivered',
  OtpDeliveryFailed: 'console.events.otpDeliveryFailed',
  OtpRejected: 'console.events.otpRejected',
  OtpAccepted: 'console.events.otpAccepted',
  OtpExhausted: 'console.events.otpExhausted',
  SubmissionBegun: 'console.events.submissionBegun',
  SubmissionAccepted: 'console.events.submissionAccepted',
  CarrierRelayed: 'console.events.carrierRelayed',
  CarrierRefused: 'console.events.carrierRefused',
  MailPassedOn: 'console.events.mailPassedOn',
  MailRefused: 'console.events.mailRefused',
  KeyMade: 'console.events.keyMade',
  KeyRotated: 'console.events.keyRotated',
  KeyDestroyed: 'console.events.keyDestroyed',
  KeysFound: 'console.events.keysFound',
  HoldPlaced: 'console.events.holdPlaced',
  HoldLifted: 'console.events.holdLifted',
  ErasureBegun: 'console.events.erasureBegun',
  SubjectErased: 'console.events.subjectErased',
  AuditTrailQueried: 'console.events.auditTrailQueried',
  AuditTrailExported: 'console.events.auditTrailExported',
  AuditAccessRefused: 'console.events.auditAccessRefused',
  AuditorSignedIn: 'console.events.auditorSignedIn',
  ContentRemovalBegun: 'console.events.contentRemovalBegun',
  ContentRemoved: 'console.events.contentRemoved',
  EventPassedOver: 'console.events.eventPassedOver',
  BackupMade: 'console.events.backupMade',
  BackupRestored: 'console.events.backupRestored',
  SessionsEnded: 'console.events.sessionsEnded',
  CarrierBounced: 'console.events.carrierBounced',
  WebhookSwitchedOn: 'console.events.webhookSwitchedOn',
  WebhookSwitchedOff: 'console.events.webhookSwitchedOff',
  WebhookGivenUp: 'console.events.webhookGivenUp',
  ActProposed: 'console.events.actProposed',
  ActConfirmed: 'console.events.actConfirmed',
  ActDeclined: 'console.events.actDeclined',
  CanaryAppointed: 'console.events.canaryAppointed',
  ActCarriedOut: 'console.events.actCarriedOut',
} as const satisfies Readonly<Record<AuditedType, TextKey>>;

export function titleOf(type: string): TextKey {
  return Object.hasOwn(TITLES, type) ? TITLES[type as AuditedType] : 'console.events.other';
}

/** What a field of an event is called, by the last part of its path; null for one that a later release wrote. */
export function labelOf(field: string): TextKey | null {
  const key = `console.fields.${field}`;
  return isTextKey(key) ? key : null;
}

/** How strong an event is as evidence, in words; the order is that of EVIDENCE, from weak to strong. */
export const EVIDENCE_WORDS = {
  statistics: 'console.evidence.statistics',
  bookkeeping: 'console.evidence.bookkeeping',
  administrative: 'console.evidence.administrative',
  'message-sealed': 'console.evidence.messageSealed',
  'carrier-received': 'console.evidence.carrierReceived',
  'access-refused': 'console.evidence.accessRefused',
  'proof-failed': 'console.evidence.proofFailed',
  'challenge-made': 'console.evidence.challengeMade',
  'challenge-sent': 'console.evidence.challengeSent',
  'identity-proven': 'console.evidence.identityProven',
  'content-shown': 'console.evidence.contentShown',
  'file-downloaded': 'console.evidence.fileDownloaded',
} as const satisfies Readonly<Record<Evidence, TextKey>>;

export const OUTCOME_WORDS = {
  done: 'console.outcome.done',
  refused: 'console.outcome.refused',
  failed: 'console.outcome.failed',
} as const satisfies Readonly<Record<Outcome, TextKey>>;
