export {
  MailRelay,
  RelayRefused,
  RelayUnavailable,
  type OutgoingMail,
  type RelayReceipt,
} from './outbound/mail-relay.ts';
export { parseRelayUrl, RelayUrlRefused, type RelayAddress } from './outbound/relay-url.ts';
export { SmtpRelay, type SmtpRelayOptions } from './outbound/smtp-relay.ts';
export { frameDocument } from './reading/frame-document.ts';
export { MailReader, ReadingBusy, ReadingUnavailable, type AttachmentContent } from './reading/mail-reader.ts';
export {
  type ListedAttachment,
  type NestedMail,
  type ReadableMail,
  type ReadingNote,
} from './reading/readable-mail.ts';
export { READING_LIMITS, type ReadingLimits } from './reading/reading-limits.ts';
export { CarrierWriter, MESSAGE_PAGE_NAME, type CarrierWriterOptions } from './carrier/carrier-writer.ts';
export { CarrierReader, type CarrierReaderOptions } from './carrier/carrier-reader.ts';
export { UrlencodedFieldReader } from './carrier/urlencoded-field-reader.ts';
export { NotACarrier, type NotACarrierReason } from './carrier/not-a-carrier.ts';
export { MailHeaderCollector } from './carrier/mail-header.ts';
export { organisationProfileFaults, type OrganisationProfile } from './carrier/organisation-profile.ts';
export { Outbox, type DeliveryOutcome, type OutboxOptions } from './outbound/outbox.ts';
export type { Settlement } from './outbound/outbox-spool.ts';
export { OutboxUnavailable, type CarrierEnvelope } from './outbound/staged-file.ts';
export {
  sealForRecipients,
  type CarrierSink,
  type FinishedSeal,
  type SealForRecipientsOptions,
} from './submission/seal-for-recipients.ts';
export { SubmissionModule } from './submission/submission.module.ts';
export { SealingClients, SealingNotAuthorised, SubmissionSettings, type SealingClient } from './submission/settings.ts';
export { settlementBy, type SubmissionEvent } from './submission/submission.ts';
export { SubmitMail, SubmitMailHandler, type MailSubmission, type Submitted } from './submission/submit-mail.ts';
