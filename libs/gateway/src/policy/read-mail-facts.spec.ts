import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { CarriedSeal } from '#libs/mail';
import { SOME_MESSAGE_ID, carrierOf } from '#libs/mail/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { decideTreatment } from './decide-treatment.ts';
import { readMailFacts } from './read-mail-facts.ts';
import type { AskRecord } from './read-mail-facts.ts';
import { readPolicy } from './read-policy.ts';

const POLICY = 'machineMail: { calendarReplies: rules }\nrules: [{ name: all, seal: true }]';
const reading = readPolicy(POLICY, () => new Date('2026-11-30T12:00:00Z'));
if ('faults' in reading) throw new Error(JSON.stringify(reading.faults));
const { policy } = reading;
const noReader = { outline: () => Promise.reject(new Error('no rule asks for more than the header')) };
const carrier = carrierOf(
  Buffer.from('From: office@example.org\r\n\r\nx'),
  Buffer.concat([Buffer.from('age-encryption.org/v1\n'), randomBytes(3000)]),
).toString('latin1');

async function ruleFor(mail: string, isRecorded: AskRecord | null): Promise<string> {
  const from = parseMailAddress('office@example.org');
  const facts = await readMailFacts(Buffer.from(mail, 'latin1'), from, policy, noReader, isRecorded);
  return decideTreatment(policy, facts, parseMailAddress('anna@example.com')).rule;
}

describe('a mail passes every rule as a carrier', () => {
  it('where the record has its seal, by name and digest', async () => {
    const asked: CarriedSeal[] = [];
    const isRecorded = async (seal: CarriedSeal) => asked.push(seal) === 1;
    expect(await ruleFor(carrier, isRecorded)).toBe('sealed-already');
    expect(asked).toEqual([{ messageId: SOME_MESSAGE_ID, ciphertextSha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await ruleFor(carrier, isRecorded)).toBe('all');
  });

  it('where there is no record to ask', async () => expect(await ruleFor(carrier, null)).toBe('sealed-already'));

  it.each<[string, string]>([
    [
      'a carrier forwarded with words above it',
      `From: office@example.org\r\nSegl-Message: ${SOME_MESSAGE_ID}\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n--o\r\n\r\nHer diagnosis\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n${carrier}\r\n--o--\r\n`,
    ],
    [
      'a mail that only looks like one',
      `From: office@example.org\r\nContent-Type: text/html\r\n\r\n<meta name="segl" content="1 "><p>Her diagnosis<input name="m" value="${'YWdl'.repeat(100)}">`,
    ],
  ])('and never %s, whatever the record would say', async (_what, mail) => {
    expect(await ruleFor(mail, null)).toBe('all');
    expect(await ruleFor(mail, async () => true)).toBe('all');
  });
});
