import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { operatingSystemUser } from './mandate.ts';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const FOR_CASE = ['--case', '2026-17', '--reason', 'a complaint'];
const by = operatingSystemUser();
const why = { caseNumber: '2026-17', reason: 'a complaint' };

let home: Installation;
let messageId: string;
beforeEach(async () => {
  home = await temporaryInstallation();
  const seal = ['seal', '--from', 'anna@example.com', '--to', 'bo@example.org'];
  const sealed = await segl(seal, { environment: home.environment, input: Buffer.from('Subject: x\n\n') });
  messageId = sealed.said.slice(7, 39);
});
afterEach(() => home.remove());

const inHome = (...argv: string[]) => segl(argv, { environment: home.environment });
const acts = async (...types: string[]) =>
  (
    JSON.parse((await inHome('audit', 'query', '--json', '--type', ...types)).text) as {
      rows: { type: string; data: Record<string, unknown> }[];
    }
  ).rows;

describe('whoever reads the record', () => {
  it('stands in it: who asked, what for, for which case and why', async () => {
    await inHome('audit', 'query', '--message', messageId, '--words', 'Anna', ...FOR_CASE);
    await inHome('audit', 'query', '--person', 'nobody@example.org');
    await inHome('audit', 'timeline', '--person', 'bo@example.org', ...FOR_CASE);
    const [first, second, third, ...more] = await acts('AuditTrailQueried');
    const asker = { askedBy: by, through: 'command-line' };
    expect(first?.data).toMatchObject({
      ...{ ...asker, ...why, question: 'search', fields: ['messageId', 'words', 'order'], messageId, rows: 0 },
    });
    expect(JSON.stringify(first)).not.toContain('Anna'); // words could be anybody's name
    expect(second?.data).toMatchObject({ ...asker, fields: ['personId', 'order'], rows: 0 });
    expect(second?.data).not.toHaveProperty('caseNumber');
    expect(second?.data).not.toHaveProperty('persons');
    expect(third?.data).toMatchObject({ ...asker, ...why, question: 'person-timeline', persons: [expect.anything()] });
    expect(more).toEqual([]);
    const ofCase = await inHome('audit', 'query', '--of-case', '2026-17', '--json');
    expect(JSON.parse(ofCase.text).rows).toHaveLength(2);
    expect((await readFile(`${home.dataDir}/events.sqlite`)).toString('latin1')).not.toContain('nobody@example.org');
  });

  it('stands in it before an export, which ends before that', async () => {
    const first = await inHome('audit', 'export', ...FOR_CASE);
    expect(first.text).not.toContain('AuditTrailExported');
    const second = await inHome('audit', 'export', '--message', messageId);
    expect(second.text.match(/"record"/g)).toHaveLength(1);
    const [whole, selection] = await acts('AuditTrailExported');
    expect(whole?.data).toMatchObject({ askedBy: by, ...why, form: 'ndjson', fields: [] });
    expect(selection?.data).toMatchObject({ askedBy: by, messageId });
  });

  it.each([
    [['audit', 'query', '--case', 'of anna@example.com'], 'no mail address'],
    [['audit', 'export', '--reason', 'two\nlines'], 'one line'],
    [['keys', 'rotate', 'cookies', '--case', ''], 'case number'],
  ])('is asked for what the record can keep: %j', async (argv, words) => {
    expect(await inHome(...argv)).toMatchObject({ exitCode: 64, text: '', said: expect.stringContaining(words) });
  });

  it.each([
    [['query', '--limit', '5000'], 'limit: '],
    [['query', '--words', '*'], 'words: '],
    [['timeline', '--after', '17'], 'after: '],
  ])(
    'is refused what cannot be asked, also of a person whom nobody knows: %j',
    async ([what = '', ...given], words) => {
      const ran = await inHome('audit', what, '--person', 'nobody@example.org', ...given);
      expect(ran).toMatchObject({ exitCode: 64, text: '', said: expect.stringContaining(words) });
    },
  );
});

describe('keys', () => {
  it('leave in the record who made, rotated and destroyed them', async () => {
    await inHome('keys', 'rotate', 'cookies', ...FOR_CASE);
    await inHome('keys', 'destroy', 'cookies-1', '--yes', ...FOR_CASE);
    const [rotated, destroyed] = await acts('KeyMade', 'KeyRotated', 'KeyDestroyed');
    expect(rotated).toMatchObject({
      type: 'KeyRotated',
      data: { by, ...why, keyId: 'cookies-2', replaces: 'cookies-1' },
    });
    expect(destroyed).toMatchObject({
      type: 'KeyDestroyed',
      data: { by, ...why, keyId: 'cookies-1', isForced: false },
    });
  });
});
