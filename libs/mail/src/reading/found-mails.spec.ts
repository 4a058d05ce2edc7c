import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readAttachments, readMail } from './read-mail.ts';
import type { ListedAttachment, ReadableMail } from './readable-mail.ts';
import { READING_LIMITS } from './reading-limits.ts';
import { scanHtml } from './html-scan.ts';

/** Mails that were shown wrongly, with what is right; kept beside the repository (its README says more). */
const FOUND = join(import.meta.dirname, '../../../../../shared/data/found');
/** Any file of the mails that says no digest: the one tiny PDF, or words of the test. */
const isHere = existsSync(FOUND);

interface Right {
  readonly subject?: string;
  readonly from?: string;
  readonly date?: string | null;
  /** Words that stand in the text view. */
  readonly text?: string;
  readonly html?: null;
  readonly files?: Readonly<Record<string, string>>;
  readonly notNotes?: readonly string[];
}

interface Row {
  readonly file: string;
  readonly expected: string | Right;
}

/** What is looked at in a browser: styles in `styles/`, links, frames and the page's own words in `recipient-access/decrypt-view`. */
const ELSEWHERE = /^(?:h\d|s22|22-|25-|26-|27-)/;
const rows = isHere
  ? readFileSync(join(FOUND, 'expected.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
      .filter(({ file }) => !ELSEWHERE.test(file))
  : [];

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();
const silent = { parsed: () => {}, sanitising: () => {} };

/** What a reader sees of the bodies: the frames where there are any, else the text. */
function seen({ html, moreHtml, text }: ReadableMail): string {
  const frames =
    html === null ? null : [html, ...moreHtml].map((each) => scanHtml(each, READING_LIMITS).text).join('\n');
  return squeezed(frames ?? text ?? '');
}

async function digests(bytes: Buffer, files: readonly ListedAttachment[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { index, filename } of files) {
    const file = readAttachments(Buffer.from(bytes), [index], READING_LIMITS)[0];
    found[filename] = file ? createHash('sha256').update(file.content).digest('hex') : 'none';
  }
  return found;
}

(isHere ? describe : describe.skip)('mails that were shown wrongly', () => {
  it('are looked at', () => expect(rows.length).toBeGreaterThan(30));

  it.each(rows.map((row) => [row.file, row] as const))('%s', async (file, { expected }) => {
    const bytes = readFileSync(join(FOUND, file));
    const mail = readMail(Buffer.from(bytes), READING_LIMITS, silent);
    if (typeof expected === 'string') {
      const claims = (expected.split(' — ')[0] ?? '').split(/; (?=the reader |subject is |From is |\S+ can be )/);
      for (const claim of claims) await holds(claim, mail, bytes);
      return;
    }
    if (expected.subject !== undefined) expect(mail.mailSubject).toBe(expected.subject);
    if (expected.from !== undefined) expect(mail.from).toBe(expected.from);
    if (expected.date !== undefined) expect(mail.date).toBe(expected.date);
    if (expected.html === null) expect(mail.html).toBeNull();
    for (const word of expected.text?.split(' ') ?? []) expect(`${seen(mail)} ${mail.text}`).toContain(word);
    if (expected.files) expect(await digests(bytes, mail.attachments)).toMatchObject(expected.files);
    for (const note of expected.notNotes ?? []) expect(mail.notes).not.toContain(note);
  });
});

async function holds(claim: string, mail: ReadableMail, bytes: Buffer): Promise<void> {
  const [, what = '', value = ''] =
    /^(the reader sees|the reader does not see|subject is|From is) «?(.*?)»?$/.exec(claim) ?? [];
  const file = /^(.*) can be downloaded, byte for byte$/.exec(claim)?.[1];
  if (file !== undefined) {
    const listed = mail.attachments.find(({ filename }) => filename === file);
    expect(mail.attachments.map(({ filename }) => filename)).toContain(file);
    const content = readAttachments(Buffer.from(bytes), [listed?.index ?? -1], READING_LIMITS)[0]?.content;
    expect(content?.toString('latin1')).toMatch(
      /\.(?:pdf|rtf)$/.test(file)
        ? /^%PDF-1\.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n$/
        : /^(?:This text is in a file\.|Cat|<html><body><h1>Report<\/h1><\/body><\/html>)$/,
    );
  } else if (what === 'the reader sees') expect(seen(mail)).toContain(value);
  else if (what === 'the reader does not see') expect(seen(mail)).not.toContain(value);
  else if (what === 'subject is') expect(mail.mailSubject).toBe(value);
  else if (what === 'From is') expect(mail.from.replaceAll('"', '')).toBe(value.replace('» <', ' <'));
  else if (/^\d image\(s\) of the mail shown$/.test(claim)) expect(mail.html?.split('src="data:image/').length).toBe(2);
  else throw new Error(`nothing here understands: ${claim}`);
}
