export { MailRelay, RelayRefused, RelayUnavailable, type OutgoingMail, type RelayReceipt } from './outbound/mail-relay.ts';
export { parseRelayUrl, RelayUrlRefused, type RelayAddress } from './outbound/relay-url.ts';
export { SmtpRelay, type SmtpRelayOptions } from './outbound/smtp-relay.ts';
