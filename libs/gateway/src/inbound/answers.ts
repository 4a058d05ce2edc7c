import type { SmtpAnswer } from '../outgoing-mail.ts';

const answer = (code: number, enhanced: string, words: string): SmtpAnswer => ({ code, enhanced, words });

/**
 * Every refusal of our own, with its code (RFC 5321 §4.2) and enhanced code (RFC 3463 and its registry). What is not here is
 * answered by smtp-server itself: commands that it does not know or that come out of turn.
 */
export const ANSWERS = {
  notAClient: answer(554, '5.7.1', 'this server takes mail from its own clients only'),
  notAClientYet: answer(530, '5.7.0', 'authentication required'),
  tlsRequired: answer(530, '5.7.0', 'must issue a STARTTLS command first'),
  authNeedsTls: answer(538, '5.7.11', 'encryption required for authentication'),
  authWithinMail: answer(503, '5.5.1', 'no login within a mail'),
  authFailed: answer(535, '5.7.8', 'authentication credentials invalid'),
  authAsAnother: answer(535, '5.7.8', 'an account cannot act for another one'),
  authPaced: answer(454, '4.7.0', 'too many failed logins from this network, try again later'),
  authBusy: answer(454, '4.7.0', 'too many logins at once, try again later'),
  authFailedTooOften: answer(421, '4.7.0', 'too many failed logins'),

  tooManyConnections: answer(421, '4.3.2', 'too many connections, try again later'),
  tooManyConnectionsOfNetwork: answer(421, '4.7.0', 'too many connections from this network, try again later'),
  tooSlow: answer(421, '4.4.2', 'timeout, closing connection'),
  tooManyErrors: answer(421, '4.7.0', 'too many errors, closing connection'),
  tooManyIdleCommands: answer(421, '4.7.0', 'too many commands without a mail, closing connection'),
  stopping: answer(421, '4.3.2', 'system shutting down'),

  lineTooLong: answer(500, '5.5.2', 'command line too long'),
  brokenLine: answer(500, '5.5.2', 'lines end with CR LF, and hold no bare CR, bare LF or NUL'),
  notUtf8: answer(500, '5.5.2', 'the command is not UTF-8'),
  afterStartTls: answer(503, '5.5.1', 'nothing may follow STARTTLS before the TLS handshake'),

  badReversePath: answer(553, '5.1.7', 'the sender is not one plain mail address'),
  badForwardPath: answer(553, '5.1.3', 'the recipient is not one plain mail address'),
  sourceRoute: answer(553, '5.1.3', 'source routes are not taken'),
  nonAsciiWithoutSmtpUtf8: answer(553, '5.6.7', 'an address outside ASCII needs SMTPUTF8'),
  unclearLetters: answer(553, '5.1.3', 'the mailbox name has letters that could be taken for others'),
  dotsNeedQuotes: answer(
    553,
    '5.1.3',
    'a dot at an end of a mailbox name, or two in a row, needs quotes around the name',
  ),
  unknownParameter: answer(555, '5.5.4', 'a parameter that was not offered'),
  notYourSender: answer(550, '5.7.1', 'this client may not send as that sender'),

  bounceByItself: answer(452, '4.5.3', 'a bounce has one recipient, send the others by themselves'),
  notOursToRelay: answer(550, '5.7.1', 'only bounces of our own mail are taken from strangers'),
  tooLarge: answer(552, '5.3.4', 'message exceeds fixed maximum message size'),
  noSpace: answer(452, '4.3.1', 'too much mail under way, try again later'),
  bareLineEnd: answer(550, '5.6.11', 'the mail holds a bare CR, a bare LF or NUL'),
  emptyMail: answer(554, '5.6.0', 'the mail is empty'),
  headerTooLarge: answer(554, '5.6.0', 'the header of the mail is too large or has too many fields'),
  mailLoop: answer(554, '5.4.6', 'too many hops: the mail goes round in a loop'),
  failed: answer(451, '4.3.0', 'the mail could not be passed on now, try again later'),
} as const;
