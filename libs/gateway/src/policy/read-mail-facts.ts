import { MailHeader, authorField, carrierAsWritten, headerText } from '#libs/mail';
import type { CarriedSeal, MailOutline, MailReader, OutlinedFile } from '#libs/mail';
import type { MailAddress } from '#libs/vocabulary';
import { searchContent } from './content/search-content.ts';
import type { MailFacts, SealInMail } from './mail-facts.ts';
import { detectorsOf, testsOf } from './policy.ts';
import type { AttachmentKind, MachineMail, MailPolicy } from './policy.ts';

/** Whether the record has that very seal. */
export type AskRecord = (seal: CarriedSeal) => Promise<boolean>;

/**
 * What a policy needs to know of one mail, and no more: words are searched only where a rule asks for them.
 *
 * @param mail handed over, as to `MailReader.outline`: do not use it again
 * @param isRecorded null where there is no record, so that what looks like a seal of ours stays `unasked`
 * @throws ReadingBusy, ReadingUnavailable, what the record throws
 */
export async function readMailFacts(
  mail: Buffer,
  mailFrom: MailAddress | null,
  policy: MailPolicy,
  reader: Pick<MailReader, 'outline'>,
  isRecorded: AskRecord | null,
): Promise<MailFacts> {
  const header = MailHeader.of(mail);
  const bytes = mail.length;
  const seal = await sealIn(mail, isRecorded);
  const outline = isOutlineNeeded(policy, header) ? await reader.outline(mail) : null;
  return {
    mailFrom,
    authors: [...new Set([authorField(header, 'from'), authorField(header, 'sender')].flatMap(({ names }) => names))],
    header,
    mailSubject: headerText(header.first('subject')),
    bytes,
    attachments: (outline?.files ?? []).map((file) => ({ fileName: file.fileName, kinds: kindsOf(file) })),
    found: await searchContent(outline?.texts ?? [], detectorsOf(policy)),
    unsearched: outline?.unsearched ?? [],
    machineMail: machineMailOf(header, mailFrom, outline),
    seal,
  };
}

/** Whether any decision may hang on more than header and envelope. */
function isOutlineNeeded(policy: MailPolicy, header: MailHeader): boolean {
  const isCalendar = /^(?:text\/calendar|multipart\/)/i.test(header.first('content-type').trim());
  if (policy.machineMail.calendarReplies === 'pass' && isCalendar) return true;
  return testsOf(policy).some(({ kind }) => kind === 'content' || kind === 'attachment' || kind === 'unsearchable');
}

/** Anybody can write what looks like a carrier, and keep a seal of ours in it: it is one where its form and the record agree. */
async function sealIn(mail: Buffer, isRecorded: AskRecord | null): Promise<SealInMail | null> {
  const seal = carrierAsWritten(mail);
  if (seal === null) return null;
  if (isRecorded === null) return 'unasked';
  return (await isRecorded(seal)) ? 'recorded' : null;
}

function machineMailOf(
  header: MailHeader,
  mailFrom: MailAddress | null,
  outline: MailOutline | null,
): MachineMail | null {
  const type = header.first('content-type');
  const isReport = (name: string) =>
    /^\s*multipart\/report\b/i.test(type) && new RegExp(`report-type\\s*=\\s*"?${name}`, 'i').test(type);
  const automatic = header.first('auto-submitted').trim().toLowerCase();
  if (isReport('disposition-notification')) return 'readReceipts';
  if (mailFrom === null || isReport('delivery-status')) return 'bounces';
  if (automatic.startsWith('auto-replied')) return 'automaticReplies';
  if (outline?.isCalendarReply) return 'calendarReplies';
  const isList =
    header.first('list-id') !== '' && (header.first('list-post') !== '' || header.first('list-unsubscribe') !== '');
  return isList ? 'lists' : null;
}

const BY_NAME: readonly (readonly [RegExp, AttachmentKind])[] = [
  [/\.pdf$/i, 'pdf'],
  [/\.(?:docx?|docm|dotx?|xlsx?|xlsm|xlsb|pptx?|pptm|od[tspg]|rtf|pages|numbers|key|msg|one|vsdx?)$/i, 'office'],
  [/\.(?:zip|7z|rar|gz|tgz|bz2|xz|tar|cab|iso|img|jar)$/i, 'archive'],
  [/\.(?:exe|dll|com|scr|msi|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk|sh|app|dmg|pkg|deb|rpm|apk|jar)$/i, 'program'],
  [/\.(?:png|jpe?g|gif|webp|bmp|tiff?|heic|heif|avif|svg)$/i, 'picture'],
  [/\.(?:mp3|m4a|wav|ogg|flac|mp4|mov|avi|mkv|webm)$/i, 'sound-or-film'],
  [/\.(?:txt|csv|tsv|log|md|json|xml)$/i, 'text'],
  [/\.(?:html?|mht|mhtml)$/i, 'page'],
  [/\.eml$/i, 'mail'],
  [/\.(?:ics|vcs)$/i, 'calendar'],
  [/\.(?:asc|pgp|gpg|sig|p7s|p7m|pem|crt|cer|p12|pfx|key)$/i, 'key-or-signature'],
];

const BY_TYPE: readonly (readonly [RegExp, AttachmentKind])[] = [
  [/^application\/pdf$/, 'pdf'],
  [/^application\/(?:msword|rtf|vnd\.(?:ms-(?:excel|powerpoint|word|outlook)|openxmlformats-|oasis\.))/, 'office'],
  [/^image\//, 'picture'],
  [/^(?:audio|video)\//, 'sound-or-film'],
  [/^text\/html$/, 'page'],
  [/^text\/calendar$/, 'calendar'],
  [/^text\//, 'text'],
  [/^message\//, 'mail'],
  [/^application\/(?:pgp-|(?:x-)?pkcs)/, 'key-or-signature'],
];

const BY_SIGNATURE: Readonly<Record<NonNullable<OutlinedFile['signature']>, AttachmentKind>> = {
  pdf: 'pdf',
  zip: 'archive',
  office: 'office',
  'locked-office': 'office',
  'old-office': 'office',
  archive: 'archive',
  picture: 'picture',
  program: 'program',
};

/** Everything that its name, its declared type or its first bytes say it is. */
export function kindsOf({ fileName, mediaType, signature }: OutlinedFile): AttachmentKind[] {
  const kinds = new Set<AttachmentKind>();
  if (signature !== null) kinds.add(BY_SIGNATURE[signature]);
  for (const [pattern, kind] of BY_NAME) if (pattern.test(fileName)) kinds.add(kind);
  for (const [pattern, kind] of BY_TYPE) if (pattern.test(mediaType)) kinds.add(kind);
  return kinds.size === 0 ? ['other'] : [...kinds];
}
