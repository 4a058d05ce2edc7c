import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser';
import { parseMailAddress, parseWrittenAddress } from '#libs/vocabulary';
import { readMail } from './reading/read-mail.ts';
import { READING_LIMITS } from './reading/reading-limits.ts';
import { authorField, writtenBy } from './syntax/author.ts';
import type { AuthorField } from './syntax/author.ts';
import { MailHeader } from './syntax/header-fields.ts';
import { carrierOf } from './testing/carrier-of.ts';
import { mailFrom, oddFromFields } from './testing/odd-from-fields.ts';

const silent = { parsed: () => {}, sanitising: () => {} };
const shownFrom = (mail: Buffer) => readMail(Buffer.from(mail), READING_LIMITS, silent);
/** The From of a carrier around the mail, as its recipient's program reads it. */
function carried(mail: Buffer): { field: AuthorField; raw: string } {
  const header = MailHeader.of(carrierOf(mail, Buffer.alloc(0)));
  return { field: authorField(header, 'from'), raw: header.first('from') };
}

describe('the author of a mail', () => {
  it.each(oddFromFields.map((odd) => [odd.what, odd] as const))(
    'is one, or none, where From %s',
    async (_what, odd) => {
      const mail = mailFrom(odd);
      const checked = authorField(MailHeader.of(mail), 'from');
      expect(checked.names).toEqual(odd.names ?? [odd.address]);
      const shown = shownFrom(mail);
      expect(shown.author).toEqual(checked);
      if (odd.address === null) {
        expect(checked).toMatchObject({ kind: 'unclear', fault: odd.fault });
        return;
      }
      const { address, displayName = '', namesAnother = false } = odd;
      expect(checked).toMatchObject({ kind: 'one', author: { address, displayName, namesAnother } });
      expect(shown.from).toContain(address);
      expect(shown.from).toContain(displayName);
      const { field, raw } = carried(mail);
      expect(field).toMatchObject({ kind: 'one', author: { address, displayName } });
      expect(addressparser(raw)).toMatchObject([{ address }]);
    },
  );

  it('is nobody where there is no From', async () => {
    const mail = Buffer.from('Subject: x\r\n\r\nFrom: office@example.org\r\n');
    expect(authorField(MailHeader.of(mail), 'from')).toEqual({ kind: 'missing', names: [] });
    expect(shownFrom(mail).from).toBe('');
    const sender = parseMailAddress('office@example.org');
    expect(writtenBy(authorField(MailHeader.of(mail), 'from'), sender)).toMatchObject({ kind: 'one', names: [sender] });
  });

  it.each([
    ['behind a line that is no field', 'X: y\r\nno field\r\n at all\r\nFrom: boss@bank.example\r\n\r\n'],
    ['behind empty lines', '\r\n\r\nFrom: boss@bank.example\r\n\r\n'],
    ['behind a lone CR', 'X: y\rFrom: boss@bank.example\r\n\r\n'],
    ['with a space in front of the colon', 'From : boss@bank.example\r\n\r\n'],
    ['behind the line of an mbox', 'From x Tue Nov 24 2026\r\nFrom: boss@bank.example\r\n\r\n'],
    ['behind much else', `${'X: y\r\n'.repeat(20_000)}From: boss@bank.example\r\n\r\n`],
  ])('is the same for all who look, %s', async (_where, header) => {
    const mail = Buffer.from(`${header}x`);
    const { author } = shownFrom(mail);
    expect(author).toMatchObject({ kind: 'one', names: ['boss@bank.example'] });
    expect(carried(mail).field.names).toEqual(['boss@bank.example']);
  });

  const address = fc.constantFrom('office@example.org', 'boss@bank.example', 'a+b@x.example');
  const between = fc.constantFrom('', ' ', '\t', '\r\n ', '(c)', ' (c (d) \\) e) ');

  it('is found however the grammar lets it be written', () =>
    fc.assert(
      fc.property(
        address,
        fc.array(between, { minLength: 8, maxLength: 8 }),
        fc.constantFrom('', 'Office', 'The Office', '"Office \\"A\\", B"', '=?utf-8?Q?=C3=86?=', 'A. B.'),
        fc.constantFrom('bare', 'angle', 'quoted', 'route'),
        (wanted, [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = ''], name, form) => {
          const [local = '', domain = ''] = wanted.split('@');
          const spec = `${b}${form === 'quoted' ? `"${local}"` : local}${c}@${d}${domain.replaceAll('.', `${e}.${f}`)}${g}`;
          const field =
            form === 'bare' ? `${a}${spec}` : `${a}${name}${a}<${form === 'route' ? '@r.example:' : ''}${spec}>${h}`;
          const header = MailHeader.of(Buffer.from(`From: ${field}\r\n\r\n`));
          expect(authorField(header, 'from')).toMatchObject({ kind: 'one', names: [wanted] });
        },
      ),
      { numRuns: 500 },
    ));

  it('comes out of the carrier as it went in, whatever stands in the field', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'office@example.org',
        '<boss@bank.example>',
        '"',
        '(',
        ')',
        '<',
        '>',
        ',',
        ';',
        ':',
        '@',
        '.',
        '\\',
      ),
      fc.constantFrom(' ', '=?utf-8?Q?a=40b.example?=', '=?utf-8?B?', '?=', 'ø', '＠', '\u202e', '[', ']', 'Anna'),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const mail = Buffer.from(`From: ${pieces.join('').replace(/[\r\n]/g, ' ')}\r\n\r\nx`);
        const went = authorField(MailHeader.of(mail), 'from');
        const { field, raw } = carried(mail);
        expect(field.kind).toBe('one');
        expect(addressparser(raw)).toHaveLength(1);
        if (went.kind !== 'one' || field.kind !== 'one') return;
        const { address: to, displayName } = went.author;
        expect(field.author).toMatchObject({ address: to, displayName });
        // That parser undoes the quotes that an odd mailbox needs.
        expect(addressparser(raw).map(({ address }) => parseWrittenAddress(address ?? ''))).toEqual([to]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is never one whom the field does not name to an old parser either', () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a@x.example', '<b@y.example>', 'anna', ',', ' ', '(c)', '"q"'), { maxLength: 6 }),
        (pieces) => {
          const field = authorField(MailHeader.of(Buffer.from(`From: ${pieces.join('')}\r\n\r\n`)), 'from');
          if (field.kind !== 'one') return;
          const theirs = addressparser(pieces.join(''), { flatten: true }).map((each) => each.address);
          expect(theirs.filter((each) => each !== '')).toEqual([field.author.address]);
        },
      ),
      { numRuns: 1000 },
    ));
});
