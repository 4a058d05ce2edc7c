import { describe, expect, it } from '@jest/globals';
import { MailHeaderCollector } from '#libs/mail';
import { parseMailAddress } from '#libs/vocabulary';
import { decideTreatment } from './decide-treatment.ts';
import type { MailFacts } from './mail-facts.ts';
import { MACHINE_MAIL } from './policy.ts';
import type { MailPolicy } from './policy.ts';
import { readPolicy } from './read-policy.ts';

const today = () => new Date('2026-11-30T12:00:00Z');
const bo = parseMailAddress('bo@clinic.example');

function policyOf(document: string): MailPolicy {
  const reading = readPolicy(document, today);
  if ('faults' in reading) throw new Error(JSON.stringify(reading.faults));
  return reading.policy;
}

function mail(facts: Partial<MailFacts> & { fields?: string } = {}): MailFacts {
  const { fields = '', ...rest } = facts;
  const collector = new MailHeaderCollector();
  collector.push(Buffer.from(`From: anna@office.example\r\nSubject: Hello\r\n${fields}\r\n`, 'latin1'));
  return {
    mailFrom: parseMailAddress('anna@office.example'),
    authors: [parseMailAddress('anna@office.example')],
    header: collector.header(),
    mailSubject: 'Hello',
    bytes: 2000,
    attachments: [],
    found: new Map(),
    unsearched: [],
    machineMail: null,
    seal: null,
    ...rest,
  };
}

/** A policy of one rule that passes; everything else is sealed. */
const passing = (when: string) => policyOf(`rules: [{ name: tested, when: ${when}, pass: true }]`);
/** And one that seals while everything else passes. */
const sealing = (when: string) =>
  policyOf(`rules: [{ name: tested, when: ${when}, seal: true }]\notherwise: { pass: true }`);
const ruleFor = (policy: MailPolicy, facts: MailFacts, to = 'bo@clinic.example') =>
  decideTreatment(policy, facts, parseMailAddress(to)).rule;

const label =
  'msip_labels: MSIP_Label_8a1e0c5d-1111-2222-3333-444455556666_Enabled=True;\r\n MSIP_Label_8a1e0c5d-1111-2222-3333-444455556666_Name=Strictly Private;\r\n';

describe('each test of a rule, with a mail that matches and one that almost does', () => {
  it.each<
    [
      string,
      string,
      Partial<MailFacts> & { fields?: string; to?: string },
      Partial<MailFacts> & { fields?: string; to?: string },
    ]
  >([
    ['an address', '{ recipient: Bo@clinic.example }', {}, { to: 'bob@clinic.example' }],
    ['a domain', "{ recipient: '@clinic.example' }", {}, { to: 'bo@sub.clinic.example' }],
    ['a domain and all below it', "{ recipient: '@*.example' }", {}, { to: 'bo@clinic.notexample' }],
    [
      'an international domain',
      "{ recipient: '@bücher.example' }",
      { to: 'bo@xn--bcher-kva.example' },
      { to: 'bo@bucher.example' },
    ],
    ['the envelope’s sender', '{ sender: anna@office.example }', { authors: [] }, { authors: [], mailFrom: bo }],
    ['the author', '{ sender: bo@clinic.example }', { authors: [bo] }, {}],
    [
      'a header field by its value',
      "{ header: { name: X-Seal, is: 'Yes' } }",
      { fields: 'x-seal:  yes\r\n' },
      { fields: 'X-Seal: yes please\r\n' },
    ],
    [
      'a header field by an expression',
      "{ header: { name: X-Class, matches: '^secret' } }",
      { fields: 'X-Class: Secret 2\r\n' },
      { fields: 'X-Class: not secret\r\n' },
    ],
    [
      'an encoded header field',
      "{ header: { name: X-Class, is: 'hjælp' } }",
      { fields: 'X-Class: =?utf-8?q?hj=C3=A6lp?=\r\n' },
      { fields: 'X-Class: hjaelp\r\n' },
    ],
    [
      'a header field that is there',
      '{ header: { name: X-Seal } }',
      { fields: 'X-Seal:\r\n' },
      { fields: 'X-Sealed: 1\r\n' },
    ],
    [
      'a tag in the subject',
      "{ subjectTag: '[secure]' }",
      { mailSubject: 'Re: [SECURE] Hello' },
      { mailSubject: 'secure: Hello' },
    ],
    [
      'a sensitivity label by name',
      '{ sensitivityLabel: strictly private }',
      { fields: label },
      { fields: label.replace('=True', '=False') },
    ],
    [
      'a sensitivity label by id',
      '{ sensitivityLabel: 8a1e0c5d-1111-2222-3333-444455556666 }',
      { fields: label },
      { fields: label.replace('8a1e0c5d', '8a1e0c5e').replace('8a1e0c5d', '8a1e0c5e') },
    ],
    [
      'the Sensitivity field',
      '{ sensitivityLabel: Company-Confidential }',
      { fields: 'Sensitivity: company-confidential\r\n' },
      { fields: 'Sensitivity: Personal\r\n' },
    ],
    ['a size', '{ largerThan: 2 kB }', { bytes: 2001 }, { bytes: 2000 }],
    [
      'a kind of file',
      '{ attachment: { kinds: pdf } }',
      { attachments: [{ fileName: 'x.bin', kinds: ['other', 'pdf'] }] },
      { attachments: [{ fileName: 'pdf', kinds: ['other'] }] },
    ],
    [
      'a name of a file',
      "{ attachment: { names: '*løn*.xlsx' } }",
      { attachments: [{ fileName: 'Årets LØN 2026.XLSX', kinds: ['office'] }] },
      { attachments: [{ fileName: 'løn.xlsx.txt', kinds: ['text'] }] },
    ],
    [
      'content',
      '{ content: { kinds: [iban, payment-card], atLeast: 2 } }',
      {
        found: new Map([
          ['iban', 1],
          ['payment-card', 1],
        ]),
      },
      { found: new Map([['iban', 1]]) },
    ],
    [
      'an expression',
      "{ content: { expressions: 'falcon' } }",
      { found: new Map([['falcon', 1]]) },
      { found: new Map([['eagle', 1]]) },
    ],
    ['what could not be searched', '{ unsearchable: true }', { unsearched: ['locked'] }, {}],
    ['one of several', "{ any: [{ largerThan: 1 MB }, { subjectTag: '[s]' }] }", { mailSubject: '[s]' }, {}],
    [
      'all of several',
      "{ largerThan: 1 kB, subjectTag: '[s]' }",
      { mailSubject: '[s]' },
      { mailSubject: '[s]', bytes: 1000 },
    ],
    ['none of several', "{ not: { largerThan: 1 kB, subjectTag: '[s]' } }", {}, { mailSubject: '[s]' }],
  ])('%s', (_name, when, { to, ...matching }, { to: otherTo, ...almost }) => {
    expect(ruleFor(passing(when), mail(matching), to)).toBe('tested');
    expect(ruleFor(passing(when), mail(almost), otherTo)).toBe('otherwise');
  });
});

describe('a policy', () => {
  it('seals where nothing is said', () => {
    const { treatment, rule } = decideTreatment(policyOf('rules: []'), mail(), bo);
    expect({ rule, action: treatment.action }).toEqual({ rule: 'otherwise', action: 'seal' });
  });

  it('is decided by the first rule that matches', () => {
    const policy = policyOf(`
groups:
  board: [anna@office.example, '@board.example']
rules:
  - { name: inside, when: { recipient: '@office.example' }, pass: true }
  - { name: board, when: { sender: group:board }, seal: { lifetimeDays: 14, mayDownload: false, proof: account } }
  - { name: all, refuse: Nothing else leaves }
`);
    const decision = decideTreatment(policy, mail(), bo);
    expect(decision).toMatchObject({
      rule: 'board',
      treatment: {
        action: 'seal',
        terms: { lifetimeSeconds: 14 * 86_400, mayDownload: false, mayReply: true, proof: 'account' },
      },
      passedBy: [{ rule: 'inside', because: 'recipient is not named' }],
    });
  });

  it('decides for each recipient alone', () => {
    const policy = policyOf("rules: [{ name: inside, when: { recipient: '@office.example' }, pass: true }]");
    expect([ruleFor(policy, mail(), 'carl@office.example'), ruleFor(policy, mail())]).toEqual(['inside', 'otherwise']);
  });

  it.each(MACHINE_MAIL)('passes %s by a fixed rule, unless it leaves them to the rules', (machineMail) => {
    expect(ruleFor(policyOf('rules: []'), mail({ machineMail }))).toBe('machine-mail');
    expect(ruleFor(policyOf(`machineMail: { ${machineMail}: rules }\nrules: []`), mail({ machineMail }))).toBe(
      'otherwise',
    );
  });

  it('does not seal twice, and says where no record was asked', () => {
    const all = policyOf('rules: [{ name: all, seal: true }]');
    expect(decideTreatment(all, mail({ seal: 'recorded' }), bo).because).toContain('the record has its seal');
    for (const seal of ['recorded', 'unasked'] as const) expect(ruleFor(all, mail({ seal }))).toBe('sealed-already');
    expect(decideTreatment(all, mail({ seal: 'unasked' }), bo).because).toContain('a gateway asks its record');
  });
});

describe('words that could not be searched', () => {
  const locked = mail({ unsearched: ['locked'] });
  const content = '{ content: { kinds: iban } }';

  it('are sealed where words of that kind are', () => expect(ruleFor(sealing(content), locked)).toBe('tested'));
  it('never pass for what could be in them', () => expect(ruleFor(passing(content), locked)).toBe('otherwise'));
  it('never pass for what might not be in them', () => {
    expect(ruleFor(passing(`{ not: ${content} }`), locked)).toBe('otherwise');
    expect(ruleFor(passing(`{ not: ${content} }`), mail())).toBe('tested');
  });
  it('are not refused', () =>
    expect(ruleFor(policyOf(`rules: [{ name: tested, when: ${content}, refuse: No }]`), locked)).toBe('otherwise'));
});

it('says nothing of what a mail says', () => {
  const secret = 'falcon 4111111111111111';
  const policy = policyOf(`rules:
  - { name: a, when: { header: { name: X-A, matches: 'falc' } }, pass: true }
  - { name: b, when: { attachment: { names: '*.pdf' } }, pass: true }
  - { name: c, when: { subjectTag: '[s]' }, pass: true }`);
  const facts = mail({
    mailSubject: secret,
    fields: `X-A: x${secret}\r\n`,
    attachments: [{ fileName: `${secret}.doc`, kinds: ['office'] }],
  });
  expect(JSON.stringify(decideTreatment(policy, facts, bo))).not.toContain('4111');
});
