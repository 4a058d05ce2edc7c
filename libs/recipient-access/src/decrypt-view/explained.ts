import type { Appointment, AppointmentTime, AuthorField, Explanation, ReadableMail } from '#libs/mail';
import { formatInstant, translate } from '#libs/web-ui';
import type { Instant } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';

/** What is said of something in a mail: sentences, and facts beside their names. For the page and for paper. */
export interface Explained {
  readonly sentences: readonly string[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

export interface ExplainedFor {
  readonly locale: Locale;
  /** IANA name of the organisation's zone. */
  readonly timeZone: string;
}

export function explained({ explanations, author }: ReadableMail, reader: ExplainedFor): Explained[] {
  return explanations.map((each) => ofOne(each, author, reader));
}

function ofOne(explanation: Explanation, author: AuthorField, reader: ExplainedFor): Explained {
  const { locale } = reader;
  const alone = (...sentences: string[]): Explained => ({ sentences, facts: [] });
  switch (explanation.kind) {
    case 'winmail':
      return alone(
        translate(locale, 'read.explained.winmail'),
        ...(explanation.isDamaged ? [translate(locale, 'read.explained.winmailDamaged')] : []),
      );
    case 'smime-signed':
      return alone(...signatureSentences(explanation, author, locale));
    case 'smime-encrypted':
      return alone(translate(locale, 'read.explained.smimeEncrypted'));
    case 'pgp-encrypted':
      return alone(translate(locale, 'read.explained.pgpEncrypted'));
    case 'pgp-signed':
      return alone(translate(locale, 'read.explained.pgpSigned'));
    case 'rights-protected':
      return alone(translate(locale, 'read.explained.rightsProtected'));
    case 'partial': {
      const { piece, pieces } = explanation;
      return alone(
        piece > 0 && pieces > 0
          ? translate(locale, 'read.explained.partialOf', { piece, pieces })
          : translate(locale, 'read.explained.partial'),
        translate(locale, 'read.explained.partialAdvice'),
      );
    }
    case 'appointment':
      return appointmentExplained(explanation, reader);
    case 'contact':
      return {
        sentences: [translate(locale, 'read.explained.contact')],
        facts: filled([
          [translate(locale, 'read.explained.name'), explanation.name],
          [translate(locale, 'read.explained.organisation'), explanation.organisation],
          [translate(locale, 'read.explained.address'), explanation.addresses.join(', ')],
          [translate(locale, 'read.explained.telephone'), explanation.telephones.join(', ')],
        ]),
      };
    case 'delivery': {
      const { action, recipients, moreRecipients, reason } = explanation;
      const named = joined(recipients, moreRecipients, locale);
      return alone(
        translate(locale, `read.explained.delivery.${action}`, { recipients: named }),
        ...(reason === '' || action === 'delivered' ? [] : [translate(locale, 'read.explained.reason', { reason })]),
      );
    }
    case 'receipt': {
      const { disposition, recipient } = explanation;
      return alone(translate(locale, `read.explained.receipt.${disposition}`, { recipient }));
    }
  }
}

function signatureSentences(
  { signature, isTrusted, signer, addresses, issuer }: Extract<Explanation, { kind: 'smime-signed' }>,
  author: AuthorField,
  locale: Locale,
): string[] {
  const named = [signer, ...addresses.map((address) => `<${address}>`)].filter((each) => each !== '').join(' ');
  const who = named === '' ? translate(locale, 'read.explained.signed.nobody') : named;
  if (signature !== 'valid') return [translate(locale, `read.explained.signed.${signature}`, { signer: who })];
  const isAuthors =
    addresses.length === 0 ||
    (author.kind === 'one' && addresses.some((each) => each.toLowerCase() === author.author.address.toLowerCase()));
  return [
    translate(locale, 'read.explained.signed.valid', { signer: who }),
    translate(locale, `read.explained.signed.${isTrusted ? 'trusted' : 'notTrusted'}`, {
      issuer: issuer === '' ? who : issuer,
    }),
    ...(isAuthors ? [] : [translate(locale, 'read.explained.signed.otherAddress')]),
  ];
}

function appointmentExplained(appointment: Appointment, reader: ExplainedFor): Explained {
  const { locale } = reader;
  const { start, end, isCancelled, isReply } = appointment;
  const kind = isCancelled ? 'cancelled' : isReply ? 'reply' : 'appointment';
  const theirs = span(start, end, (time) => asWritten(time, locale));
  const ours = span(start, end, ({ at }) => (at === null ? '' : formatInstant(locale, at, 'full', reader.timeZone)));
  const zone = start?.zone ?? '';
  return {
    sentences: [
      translate(locale, `read.explained.${kind}`),
      ...(appointment.repeats ? [translate(locale, 'read.explained.repeats')] : []),
      translate(locale, 'read.explained.calendarFile'),
    ],
    facts: filled([
      [translate(locale, 'read.explained.what'), appointment.summary],
      // once where both say the same
      [translate(locale, 'read.explained.when'), ours === '' || zone !== reader.timeZone ? theirs : ours],
      [translate(locale, 'read.explained.whenHere'), zone === reader.timeZone ? '' : ours],
      [translate(locale, 'read.explained.where'), appointment.location],
      [translate(locale, 'read.explained.organiser'), appointment.organiser],
      [translate(locale, 'read.explained.attendees'), joined(appointment.attendees, appointment.moreAttendees, locale)],
      [translate(locale, 'read.explained.details'), appointment.description],
    ]),
  };
}

function span(
  start: AppointmentTime | null,
  end: AppointmentTime | null,
  words: (time: AppointmentTime) => string,
): string {
  const from = start === null ? '' : words(start);
  const to = end === null ? '' : words(end);
  return from === '' || to === '' || from === to ? from : `${from} – ${to}`;
}

/** Date and clock as the calendar has them, then the name of its zone. */
function asWritten({ local, zone }: AppointmentTime, locale: Locale): string {
  const isWholeDay = !local.includes('T');
  const asUtc = `${local}${isWholeDay ? 'T00:00:00' : ''}Z`;
  if (Number.isNaN(Date.parse(asUtc))) return local;
  if (isWholeDay) return formatInstant(locale, asUtc as Instant, 'date', 'UTC');
  const day = formatInstant(locale, asUtc as Instant, 'date', 'UTC');
  return [day, local.slice(11, 16), zone].filter((each) => each !== '').join(' ');
}

function joined(names: readonly string[], more: number, locale: Locale): string {
  const all = more > 0 ? [...names, translate(locale, 'read.explained.more', { count: more })] : names;
  return all.join(', ');
}

function filled(facts: readonly (readonly [name: string, value: string])[]): Explained['facts'] {
  return facts.filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }));
}
