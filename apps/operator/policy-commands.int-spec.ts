import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { carrierOf } from '#libs/mail/testing';
import { segl } from './test/captured-terminal.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'segl-policy-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const at = (name: string) => join(home, name);
const mail = (subject: string, text: string) =>
  `From: Anna <anna@example.com>\r\nSubject: ${subject}\r\n\r\n${text}\r\n`;

/** The document that POLICY.md shows, as it stands there. */
async function documentedPolicy(): Promise<string> {
  const page = await readFile(new URL('../../libs/gateway/POLICY.md', import.meta.url), 'utf8');
  return /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
}

const EXAMPLES = `
examples:
  - { mail: number.eml, to: bo@clinic.example, expect: { rule: numbers, action: seal } }
  - { mail: number.eml, to: cy@sub.example.com, expect: { rule: inside } }
  - { mail: tag.eml, to: bo@clinic.example, expect: { rule: asked-for } }
  - { mail: case.eml, to: bo@clinic.example, expect: { rule: numbers } }
  - { mail: plain.eml, to: bo@clinic.example, expect: { action: pass } }
  - { mail: plain.eml, from: chair@board.example.com, to: bo@clinic.example, expect: { rule: board } }
  - { mail: plain.eml, from: <>, to: bo@clinic.example, expect: { rule: machine-mail } }
`;

async function write(examples = EXAMPLES): Promise<void> {
  await writeFile(at('policy.yaml'), (await documentedPolicy()) + examples);
  await writeFile(at('number.eml'), mail('x', 'My number is 010190-1234.'));
  await writeFile(at('tag.eml'), mail('[Secure] x', 'Hello'));
  await writeFile(at('case.eml'), mail('x', 'In case no. 2026-123,'));
  await writeFile(at('plain.eml'), mail('x', 'Hello'));
}

describe('segl policy test', () => {
  it('runs the examples of the documented policy', async () => {
    await write();
    const ran = await segl(['policy', 'test', at('policy.yaml')]);
    expect([ran.exitCode, ran.said]).toEqual([0, '']);
    expect(ran.text.split('\n')).toHaveLength(9);
    expect(ran.text).toContain('ok    number.eml to bo@clinic.example: seal by numbers');
  });

  it('ends with 1 when one is decided otherwise', async () => {
    await write(EXAMPLES.replace('{ action: pass }', '{ action: seal }'));
    const ran = await segl(['policy', 'test', at('policy.yaml')]);
    expect([ran.exitCode, ran.said]).toEqual([1, 'segl: 1 of 7 examples are decided otherwise than expected']);
    expect(ran.text).toContain('FAIL  plain.eml to bo@clinic.example: pass by otherwise (pass instead of seal)');
  });

  it('names every fault with its line, and ends with 78', async () => {
    await writeFile(at('policy.yaml'), 'rules:\n  - { name: A, pass: true }\n  - { name: b }\n');
    const ran = await segl(['policy', 'test', at('policy.yaml')]);
    expect(ran.exitCode).toBe(78);
    expect(ran.said.split('\n')).toEqual([
      expect.stringContaining('policy.yaml: line 2, rules.0.name: is no name'),
      expect.stringContaining('policy.yaml: line 3, rules.1: needs exactly one of'),
      'segl: the policy has 2 faults',
    ]);
  });

  it('ends with 69 when the policy is not there', async () =>
    expect(await segl(['policy', 'test', at('none.yaml')])).toMatchObject({ exitCode: 69 }));
});

describe('segl policy explain', () => {
  it('says which rule decides for each recipient, and which did not, but not what the mail says', async () => {
    await write();
    const ran = await segl(
      ['policy', 'explain', '--policy', at('policy.yaml'), '--to', 'bo@clinic.example', 'cy@example.com'],
      {
        input: Buffer.from(mail('x', 'My number is 010190-1234.')),
      },
    );
    expect([ran.exitCode, ran.text.split('\n')]).toEqual([
      0,
      [
        'bo@clinic.example: sealed',
        '  by numbers: contains danish-cpr (1)',
        '  not inside: recipient is not named',
        '  not no-programs: has no file',
        '  not asked-for: subject has no such tag',
        '  not board: sender is not named',
        'cy@example.com: passed as it is',
        '  by inside: recipient is named',
        '',
      ],
    ]);
  });

  it('gives the same as JSON', async () => {
    await write();
    const ran = await segl([
      'policy',
      'explain',
      at('plain.eml'),
      '--policy',
      at('policy.yaml'),
      '--to',
      'bo@clinic.example',
      '--json',
    ]);
    expect(JSON.parse(ran.text)).toMatchObject([
      { recipient: 'bo@clinic.example', rule: 'otherwise', treatment: { action: 'pass' } },
    ]);
  });

  it('says of what looks like a carrier that no record was asked', async () => {
    await write();
    const input = carrierOf(Buffer.from(mail('x', 'Hello')), Buffer.from('age-encryption.org/v1\n'.repeat(99)));
    const explained = await segl(['policy', 'explain', '--policy', at('policy.yaml'), '--to', 'bo@clinic.example'], {
      input,
    });
    expect(explained.text).toContain('by sealed-already: it looks like a carrier of ours; a gateway asks its record');
  });

  it('asks for the sender where From has no single one', async () => {
    await write();
    const explain = (...more: string[]) =>
      segl(['policy', 'explain', '--policy', at('policy.yaml'), '--to', 'bo@clinic.example', ...more], {
        input: Buffer.from('From: a@example.com, b@example.com\r\n\r\nx'),
      });
    expect(await explain()).toMatchObject({
      exitCode: 65,
      said: expect.stringContaining('give the sender of the envelope with --from'),
    });
    expect(await explain('--from', 'a@example.com')).toMatchObject({ exitCode: 0 });
  });
});
