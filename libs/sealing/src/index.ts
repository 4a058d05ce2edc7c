export {
  MailMeasure,
  MailSealer,
  MailTooLarge,
  type MailSealerOptions,
  type SealDigests,
} from './format/mail-sealer.ts';
export type { Manifest, ManifestFacts, ManifestSigner, ManifestVerifier } from './format/manifest.ts';
export {
  openSealedMail,
  openWithIdentity,
  SealBroken,
  type OpenSealedMailOptions,
  type OpenWithIdentityOptions,
  type SealBrokenReason,
  type SealedFacts,
} from './format/open-sealed-mail.ts';
export {
  NotSealedMail,
  readSealedHeader,
  SEALED_HEADER_BYTES,
  type NotSealedMailReason,
  type SealedHeader,
} from './format/sealed-header.ts';
export { RevokeMessage, RevokeMessageHandler } from './revoke-message/revoke-message.ts';
export { SealMessage, SealMessageHandler, type SealMessageOptions } from './seal-message/seal-message.ts';
export {
  downloadAttachment,
  MessageAlreadySealed,
  MessageNotOpenable,
  messageStream,
  openability,
  recordSealing,
  revokeMessage,
  sealedMessages,
  UnknownMessage,
  viewMessage,
  type Openability,
  type Revocation,
  type SealedMessage,
  type SealingFacts,
  type Showing,
} from './sealed-message.ts';
export { type EpochNotice, GatewayEpochs, PortalEpochs } from './sealing-epochs.ts';
export { sealedMessageEvents, type SealedMessageEvent, type ViewForm } from './sealed-message-events.ts';
