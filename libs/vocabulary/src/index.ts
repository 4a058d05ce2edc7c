export {
  AddressRefused,
  mailAddressOf,
  maskAddress,
  parseMailAddress,
  parseWrittenAddress,
  type AddressRefusal,
  type MailAddress,
  type UnquotedDotsAt,
} from './mail-address.ts';
export {
  Clock,
  FixedClock,
  SystemClock,
  instantOf,
  type Instant,
  isClaimed,
  isWithin,
  plusSeconds,
  secondsBetween,
} from './clock.ts';
export { SteadyClock } from './steady-clock.ts';
export { DomainError } from './domain-error.ts';
export { type BadMandate, type Mandate, mandateOf } from './mandate.ts';
export { shellWord } from './shell-word.ts';
export { Turns } from './turns.ts';
export { digestOf, isSameDigest, newSecret } from './secrets.ts';
export { Unprintable } from './unprintable.ts';
export { decodeBech32, encodeBech32 } from './bech32.ts';
export { asciiDigits, base32Lower, base64url, fromBase64url } from './encodings.ts';
export {
  newEventId,
  newPersonId,
  parseEventId,
  parseMessageId,
  parsePersonId,
  type EncryptedPersonalData,
  type EventId,
  type MessageId,
  type PersonId,
} from './ids.ts';
