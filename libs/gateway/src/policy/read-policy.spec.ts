import { describe, expect, it } from '@jest/globals';
import { detectorsOf, subjectTagsOf } from './policy.ts';
import { readPolicy } from './read-policy.ts';

const today = () => new Date('2026-11-30T12:00:00Z');

function faultsOf(document: string): string[] {
  const reading = readPolicy(document, today);
  return 'faults' in reading ? reading.faults.map(({ line, path, message }) => `${line} ${path}: ${message}`) : [];
}

describe('a policy’s document', () => {
  it('has every fault named at once, with its line', () => {
    const faults = faultsOf(`rules:
  - name: Cards
    when: { content: { kinds: payment-card } }
    seal: true
  - name: two
    when:
      recipient: nobody
      subjecttag: '[x]'
    pass: true
    refuse: 'No'
`);
    expect(faults).toEqual([
      expect.stringMatching(/^2 rules\.0\.name: is no name/),
      expect.stringMatching(/^6 rules\.1\.when: .*subjecttag/),
      '5 rules.1: needs exactly one of seal, pass and refuse',
    ]);
  });

  it.each([
    [
      'a name twice',
      'rules: [{ name: a, pass: true }, { name: a, pass: true }]',
      /^1 rules\.1\.name: is the name of another rule/,
    ],
    [
      'the name of a fixed rule',
      'rules: [{ name: otherwise, pass: true }]',
      /is the name of another rule, or of a fixed one/,
    ],
    ['no treatment', 'rules: [{ name: a }]', /needs exactly one of seal, pass and refuse/],
    ['two treatments', 'rules: [{ name: a, pass: true, seal: true }]', /needs exactly one of seal, pass and refuse/],
    [
      'a first paragraph of two lines',
      'rules: [{ name: a, seal: { carrierText: { en: "one\\ntwo" } } }]',
      /is not one line/,
    ],
    [
      'a first paragraph that a carrier has no room for',
      `rules: [{ name: a, seal: { carrierText: { en: "${'å'.repeat(121)}" } } }]`,
      /has not 1 to 240 bytes/,
    ],
    [
      'a first paragraph in no language of ours',
      'rules: [{ name: a, seal: { carrierText: { xx: a } } }]',
      /carrierText/,
    ],
    ['an empty condition', 'rules: [{ name: a, when: {}, pass: true }]', /asks for nothing/],
    [
      'an address that is none',
      'rules: [{ name: a, when: { sender: "x y@z" }, pass: true }]',
      /^1 rules\.0\.when\.sender\.0: is no address/,
    ],
    [
      'a group that is not there',
      'rules: [{ name: a, when: { sender: group:x }, pass: true }]',
      /names the group x, which is not there/,
    ],
    [
      'a group in a group',
      'groups: { a: group:b, b: a@x.example }\nrules: []',
      /names the group b, which is not there; groups hold no groups/,
    ],
    [
      'an expression that is none',
      "rules: [{ name: a, when: { content: { expressions: '(' } }, pass: true }]",
      /^1 rules\.0\.when\.content\.expressions.*: .*missing closing/,
    ],
    [
      'an expression that finds everything',
      "rules: [{ name: a, when: { header: { name: X, matches: 'a*' } }, pass: true }]",
      /matches where there is nothing/,
    ],
    ['a size without a unit', 'rules: [{ name: a, when: { largerThan: 10 }, pass: true }]', /largerThan/],
    ['a reason of two lines', 'rules: [{ name: a, refuse: "a\\nb" }]', /is not one line of plain ASCII/],
    ['an alias', 'groups: { a: &x [a@x.example] }\nrules: [{ name: a, when: { sender: *x }, pass: true }]', /alias/i],
    ['a key twice', 'rules: []\nrules: []', /^2 : Map keys must be unique/],
    ['no YAML', 'rules: [', /^1 : /],
    ['no rules', '{}', /rules/],
    ['something unknown', 'rules: []\nrule: []', /rule/],
  ])('is refused for %s', (_name, document, expected) => expect(faultsOf(document).join('\n')).toMatch(expected));

  it('says what the words must be searched for, and which tags to take out of a subject', () => {
    const reading = readPolicy(
      `rules:
  - { name: a, when: { any: [{ content: { kinds: [iban] } }, { not: { content: { kinds: iban, expressions: [falcon] } } }] }, pass: true }
  - { name: b, when: { subjectTag: ['[secure]', '[sikker]'] }, seal: true }`,
      today,
    );
    if ('faults' in reading) throw new Error('faults');
    expect(detectorsOf(reading.policy).map(({ id }) => id)).toEqual(['iban', 'falcon']);
    expect(subjectTagsOf(reading.policy)).toEqual(['[secure]', '[sikker]']);
  });
});
