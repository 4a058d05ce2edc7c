export { MailRelay, RelayRefused, RelayUnavailable, type OutgoingMail, type RelayReceipt } from './outbound/mail-relay.ts';
