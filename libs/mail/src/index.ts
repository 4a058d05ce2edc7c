export { MailRelay, RelayRefused, RelayUnavailable, type OutgoingMail, type RelayReceipt } from './outbound/mail-relay.ts';
export { parseRelayUrl, RelayUrlRefused, type RelayAddress } from './outbound/relay-url.ts';
export { SmtpRelay, type SmtpRelayOptions } from './outbound/smtp-relay.ts';
export { frameDocument } from './reading/frame-document.ts';
export { MailReader, ReadingBusy, ReadingUnavailable, type AttachmentContent } from './reading/mail-reader.ts';
export { type ListedAttachment, type NestedMail, type ReadableMail, type ReadingNote } from './reading/readable-mail.ts';
export { READING_LIMITS, type ReadingLimits } from './reading/reading-limits.ts';
