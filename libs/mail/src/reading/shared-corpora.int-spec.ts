import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import PostalMime from 'postal-mime';
import { readAttachments, readMail } from './read-mail.ts';
import type { ListedAttachment, ReadableMail } from './readable-mail.ts';
import { READING_LIMITS } from './reading-limits.ts';

/** Other projects' test mails, kept beside the repository. */
const CORPUS = join(import.meta.dirname, '../../../../../shared/data/eml');
const files = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.eml')) : [];

/** What Python's own library finds: named files by digest, and the moment in UTC. */
const JUDGE = `
import sys, os, json, hashlib, email, email.utils, datetime
found = {}
for name in sorted(os.listdir(sys.argv[1])):
    if not name.endswith('.eml'): continue
    mail = email.message_from_bytes(open(os.path.join(sys.argv[1], name), 'rb').read())
    digests = []
    def walk(part):
        if part.get_content_maintype() == 'multipart' and part.is_multipart():
            for each in part.get_payload(): walk(each)
        elif not part.get_content_type().startswith('message/'):
            content = part.get_payload(decode=True)
            if content is not None and (part.get_filename() is not None or part.get_content_disposition() == 'attachment'):
                digests.append(hashlib.sha256(content).hexdigest())
    walk(mail)
    try:
        at = email.utils.parsedate_to_datetime(mail.get('date', ''))
        if at.tzinfo is None: at = at.replace(tzinfo=datetime.timezone.utc)
        date = at.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.000Z')
    except Exception: date = None
    found[name] = {'digests': digests, 'date': date}
print(json.dumps(found))
`;

/** Where Python differs and why ours is right. */
const PYTHON_DIFFERS: Readonly<Record<string, string>> = {
  'enmime__html-mime-bad-charset-inline.eml': 'its picture is shown in its place, so it is not listed a second time',
  'enmime__html-mime-bad-unknown-charset-inline.eml':
    'its picture is shown in its place, so it is not listed a second time',
  'enmime__html-mime-inline.eml': 'its picture is shown in its place, so it is not listed a second time',
  'enmime__html-only-inline.eml': 'its picture is shown in its place, so it is not listed a second time',
  'enmime__html-only-inline~2.eml': 'its picture is shown in its place, so it is not listed a second time',
  'k9__06-inline-image-attachment.eml': 'its picture is shown in its place, so it is not listed a second time',
  'mikel__attachment_message_rfc822_inline_image.eml':
    'its picture is shown in its place, so it is not listed a second time',
  'mikel__raw_email_incorrect_header.eml': 'it ends the header at a line that is no field, though fields follow',
  'mikel__raw_email_string_in_date_field.eml': 'it gives up at letters in a comment behind the date',
  'phpmmp__issue115.eml': 'its picture is shown in its place, so it is not listed a second time',
  'phpmmp__issue84.eml': 'it ends the header at a line that is no field, though fields follow',
  'phpmmp__m0008.eml': 'its picture is shown in its place, so it is not listed a second time',
  'phpmmp__m0018.eml': 'its picture is shown in its place, so it is not listed a second time',
  'phpmmp__m0025.eml': 'its picture is shown in its place, so it is not listed a second time',
  'phpmmp__m0028.eml': 'plain words that say they are base64: it decodes them all the same',
  'spamscope__mail_test_5.eml': 'its picture is shown in its place, so it is not listed a second time',
  'webklex__boolean_decoded_content.eml':
    'base64 that is damaged in its middle: what stands behind is another shift of the same noise',
  'webklex__issue-40.eml': 'it ends the header at a line that is no field, though fields follow',
  'zbateson__m4004.eml': 'its picture is shown in its place, so it is not listed a second time',
  'zbateson__m4008.eml': 'its picture is shown in its place, so it is not listed a second time',
};

/** Where postal-mime shows other words, and why ours are right. */
const POSTAL_MIME_DIFFERS: Readonly<Record<string, string>> = {
  'cpython__msg_38.eml': 'a line that is a delimiter of a multipart that is open is one (RFC 2046 §5.1.2)',
  'cpython__msg_43.eml': 'a report for machines and the header that came back are words for the reader, too',
  'cpython__msg_44.eml': 'a named text beside the words of the mail is a file',
  'cpython__msg_47.eml': 'it has no text where its first part is without an empty line',
  'enmime__bad-header-start.eml': 'of two texts as alternatives the last is shown (RFC 2046 §5.1.4); it shows both',
  'enmime__delayed_dsn.eml': 'a report for machines and the header that came back are words for the reader, too',
  'enmime__incorrect-charset.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'enmime__mime-alternative.eml': 'of two texts as alternatives the last is shown (RFC 2046 §5.1.4); it shows both',
  'enmime__mime-bad-content-transfer-encoding.eml': 'words that say they are base64: it decodes them all the same',
  'enmime__missing-content-type2.eml':
    'of two texts as alternatives the last is shown (RFC 2046 §5.1.4); it shows both',
  'mikel__attachment_pdf_non_ascii.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'mikel__content_transfer_encoding_7-bit.eml':
    'the label is wrong, or says nothing; ours are the letters that were meant',
  'mikel__content_transfer_encoding_plain.eml':
    'the label is wrong, or says nothing; ours are the letters that were meant',
  'mikel__raw_email10.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'mikel__raw_email6.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'mikel__report_422.eml': 'a report for machines and the header that came back are words for the reader, too',
  'mikel__report_530.eml': 'a report for machines and the header that came back are words for the reader, too',
  'phpmmp__issue230.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'phpmmp__m0019.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'phpmmp__m0022.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'phpmmp__m0023.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'spamscope__mail_test_12.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'spamscope__mail_test_14.eml': 'the text view has the text alone; it writes the HTML part into it',
  'spamscope__mail_test_17.eml': 'it finds no text in it',
  'zbateson__github-102-02.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
  'zbateson__m0009.eml': 'the label is wrong, or says nothing; ours are the letters that were meant',
};

const squeezed = (text: string | null | undefined): string => (text ?? '').replace(/[\s\u00a0]+/g, ' ').trim();
const read = (bytes: Buffer): ReadableMail =>
  readMail(Buffer.from(bytes), READING_LIMITS, { parsed: () => {}, sanitising: () => {} });

function digestsOf(bytes: Buffer, mail: ReadableMail): Set<string> {
  const all = (each: ReadableMail): ListedAttachment[] => [
    ...each.attachments,
    ...each.nested.flatMap((inner) => [inner, ...all(inner.mail)]),
  ];
  const indexes = all(mail).map(({ index }) => index);
  const found = readAttachments(Buffer.from(bytes), indexes, READING_LIMITS);
  return new Set(
    found.map((file) =>
      createHash('sha256')
        .update(file?.content ?? '')
        .digest('hex'),
    ),
  );
}

(files.length > 0 ? describe : describe.skip)('the mails of other projects', () => {
  it('have the files and moments that Python finds, but for where it is wrong', () => {
    const options = { maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' } as const;
    const judged = JSON.parse(execFileSync('python3', ['-c', JUDGE, CORPUS], options)) as Record<
      string,
      { digests: string[]; date: string | null }
    >;
    const differing = files.filter((name) => {
      const bytes = readFileSync(join(CORPUS, name));
      const mail = read(bytes);
      const ours = digestsOf(bytes, mail);
      const theirs = judged[name];
      return theirs?.date !== mail.date || !theirs.digests.every((digest) => ours.has(digest));
    });
    expect(differing.toSorted()).toEqual(Object.keys(PYTHON_DIFFERS).toSorted());
  });

  it('say the words that postal-mime finds, but for where it is wrong', async () => {
    const differing: string[] = [];
    for (const name of files) {
      const bytes = readFileSync(join(CORPUS, name));
      const mail = read(bytes);
      if (mail.nested.length > 0) continue; // it writes the messages within into the text
      const { text } = await PostalMime.parse(bytes);
      if (text && squeezed(text) !== squeezed(mail.text)) differing.push(name);
    }
    expect(differing.toSorted()).toEqual(Object.keys(POSTAL_MIME_DIFFERS).toSorted());
  });
});
