export { AgeFault } from './format/age/age-fault.ts';
export { openAgeStream, sealAgeFile } from './format/age/age-stream.ts';
export { MailMeasure, MailSealer, type MailSealerOptions, MailTooLarge } from './format/mail-sealer.ts';
export type { Manifest } from './format/manifest.ts';
export { MESSAGE_TERMS, parseMessageTerms, type MessageTerm } from './format/message-terms.ts';
export {
  openSealedMail,
  openWithIdentity,
  SealBroken,
  type OpenSealedMailOptions,
  type OpenWithIdentityOptions,
} from './format/open-sealed-mail.ts';
export { SealedParts } from './format/sealed-parts.ts';
export { NotSealedMail, readSealedHeader, SEALED_HEADER_BYTES } from './format/sealed-header.ts';
export { RevokeMessage, RevokeMessageHandler } from './revoke-message/revoke-message.ts';
export { SealMessage, SealMessageHandler } from './seal-message/seal-message.ts';
export {
  downloadAttachment,
  DownloadNotAllowed,
  mayDownload,
  MessageNotOpenable,
  messageStream,
  openability,
  proofLack,
  revokeMessage,
  sealedMessages,
  viewAttachment,
  viewMessage,
  type Openability,
  type ProofLack,
  type SealedMessage,
} from './sealed-message.ts';
export { type EpochNotice, GatewayEpochs, PortalEpochs } from './sealing-epochs.ts';
export { sealedMessageEvents, type SealedMessageEvent } from './sealed-message-events.ts';
