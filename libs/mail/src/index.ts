export { type CarriedSeal, carrierAsWritten } from './carrier/carrier-as-written.ts';
export { CarrierReader } from './carrier/carrier-reader.ts';
export { CarrierWriter } from './carrier/carrier-writer.ts';
export { carrierNeedsUtf8 } from './carrier/kept-headers.ts';
export { identityLines } from './carrier/carrier-texts.ts';
export type { KindOfFile } from './carrier/kind-of-file.ts';
export { NotACarrier } from './carrier/not-a-carrier.ts';
export { organisationProfileFaults, type OrganisationProfile } from './carrier/organisation-profile.ts';
export { UrlencodedFieldReader } from './carrier/urlencoded-field-reader.ts';
export { asZoneText, dkimRecord } from './outbound/dkim-record.ts';
export { DkimRelay } from './outbound/dkim-relay.ts';
export type { DkimKey } from './outbound/dkim-signature.ts';
export {
  MailRelay,
  type RelayOutcome,
  RelayRefused,
  RelayUnavailable,
  type OutgoingMail,
  type RelayReceipt,
} from './outbound/mail-relay.ts';
export { composeNotice } from './outbound/notice-mail.ts';
export { oldestInOutbox } from './outbound/oldest-in-outbox.ts';
export { filesOfOutbox } from './outbound/outbox-files.ts';
export { Outbox } from './outbound/outbox.ts';
export type { OutboxOptions } from './outbound/outbox-options.ts';
export type { CarrierOutcome } from './outbound/outcome-notes.ts';
export type { Settlement } from './outbound/outbox-spool.ts';
export { parseRelayUrls, RelayUrlRefused } from './outbound/relay-url.ts';
export { SmtpRelay } from './outbound/smtp-relay.ts';
export { tryNextHops } from './outbound/try-next-hops.ts';
export { readEnvelope, type CarrierEnvelope, type StagedFile } from './outbound/staged-file.ts';
export type { Appointment, AppointmentTime, Explanation } from './reading/envelopes/explanation.ts';
export { deliveryFailureIn } from './reading/delivery-failure.ts';
export { frameDocument } from './reading/frame-document.ts';
export { LINK_NOTE_STYLE, type MailLink } from './reading/links/link-notes.ts';
export { MailReader } from './reading/mail-reader.ts';
export type { MailOutline, OutlinedFile } from './reading/outline/mail-outline.ts';
export { fileAt, type FilePlace } from './reading/file-place.ts';
export { showableType, type ShowableType } from './reading/showable-type.ts';
export type { ListedAttachment, ReadableMail } from './reading/readable-mail.ts';
export {
  type Author,
  authorField,
  authorText,
  writtenBy,
  type AuthorFault,
  type AuthorField,
} from './syntax/author.ts';
export { MailHeader, MailHeaderCollector } from './syntax/header-fields.ts';
export { headerText } from './syntax/header-text.ts';
