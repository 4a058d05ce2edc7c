import { describe, expect, it } from '@jest/globals';
import { authorField, MailHeader } from '#libs/mail';
import type { Explanation, ReadableMail } from '#libs/mail';
import { instantOf } from '#libs/vocabulary';
import { LOCALES } from '#libs/web-ui';
import { explained } from './explained.ts';
import type { Explained } from './explained.ts';

const author = authorField(MailHeader.of(Buffer.from('From: Anna <anna@example.org>\r\n\r\n')), 'from');

function say(explanation: Explanation, locale: 'en' | 'da' = 'en', timeZone = 'Europe/Copenhagen'): Explained {
  const mail = { explanations: [explanation], author } as unknown as ReadableMail;
  return explained(mail, { locale, timeZone })[0] as Explained;
}
const sentences = (explanation: Explanation): string => say(explanation).sentences.join(' ');
const factsOf = (explanation: Explanation, timeZone?: string): Record<string, string> =>
  Object.fromEntries(say(explanation, 'en', timeZone).facts.map(({ name, value }) => [name, value]));

const signed = {
  kind: 'smime-signed',
  signature: 'valid',
  isTrusted: false,
  signer: 'Anna',
  addresses: ['anna@example.org'],
  issuer: 'Some CA',
} as const;
const appointment = {
  kind: 'appointment',
  isCancelled: false,
  isReply: false,
  summary: 'Board',
  start: {
    local: '2026-12-01T09:00:00',
    zone: 'America/New_York',
    at: instantOf('2026-12-01T14:00:00Z'),
  },
  end: {
    local: '2026-12-01T10:00:00',
    zone: 'America/New_York',
    at: instantOf('2026-12-01T15:00:00Z'),
  },
  repeats: false,
  location: 'Room 2',
  organiser: 'Bo <bo@example.org>',
  attendees: ['anna@example.org'],
  moreAttendees: 3,
  description: '',
} as const;

describe('what is said of something in a mail', () => {
  it.each<[Explanation, string[]]>([
    [{ kind: 'smime-encrypted' }, ['S/MIME', 'Outlook', '.eml']],
    [{ kind: 'pgp-encrypted' }, ['PGP', 'Thunderbird', '.eml']],
    [{ kind: 'pgp-signed' }, ['signature', 'cannot check', 'Thunderbird']],
    [{ kind: 'rights-protected' }, ['.rpmsg', 'Outlook', 'ask the sender']],
    [{ kind: 'partial', piece: 2, pieces: 5 }, ['part 2 of 5', 'each part']],
    [{ kind: 'partial', piece: 0, pieces: 0 }, ['one part of a message']],
    [{ kind: 'winmail', isDamaged: true }, ['winmail.dat', 'damaged']],
  ])('%j: what it is, who can open it and with what', (explanation, words) => {
    for (const word of words) expect(sentences(explanation)).toContain(word);
    for (const locale of LOCALES)
      expect(say(explanation, locale as 'en').sentences.join(' ').length).toBeGreaterThan(40);
  });

  it('says of a signature whether it is right, and who vouches for the signer', () => {
    expect(sentences(signed)).toContain('valid digital signature (S/MIME) by Anna <anna@example.org>');
    expect(sentences(signed)).toContain('We have not checked whether the issuer of the certificate, Some CA,');
    const trusted = sentences({ ...signed, isTrusted: true });
    expect(trusted).toContain('The issuer of the certificate, Some CA, is one that this portal trusts.');
    expect(trusted).not.toContain('not checked');
    expect(sentences({ ...signed, signature: 'invalid' })).toContain('is not valid');
    expect(sentences({ ...signed, signature: 'unchecked' })).toContain('could not check');
  });

  it('warns of a certificate for another address, trusted or not', () => {
    for (const isTrusted of [true, false])
      expect(sentences({ ...signed, isTrusted, addresses: ['eve@example.net'] })).toContain('a different address');
    expect(sentences({ ...signed, addresses: ['ANNA@example.org'] })).not.toContain('a different address');
  });

  it('says when an appointment is in its own zone and in the organisation’s', () => {
    const facts = factsOf(appointment);
    expect(facts['When']).toMatch(/1 December 2026 09:00 America\/New_York – .*10:00 America\/New_York/);
    expect(facts['In local time']).toMatch(/1 December 2026.*15:00.* – .*16:00/);
    expect(facts['Participants']).toBe('anna@example.org, 3 more');
    expect(factsOf(appointment, 'America/New_York')['In local time']).toBeUndefined();
  });

  it('says of whole days and of zones that nobody knows what the calendar has', () => {
    const day = { local: '2026-12-24', zone: '', at: null };
    const facts = factsOf({ ...appointment, start: day, end: day });
    expect([facts['When'], facts['In local time']]).toEqual([expect.stringContaining('24 December 2026'), undefined]);
    const odd = { local: '2026-12-01T09:00:00', zone: 'Customized Time Zone', at: null };
    expect(factsOf({ ...appointment, start: odd, end: null })['When']).toContain('09:00 Customized Time Zone');
  });
});
