import type { MailHeader } from '../../syntax/header-fields.ts';
import { fieldWithParameters } from '../../syntax/parameters.ts';
import { decodeText } from '../../syntax/charsets.ts';
import { decodeTransfer } from '../../syntax/transfer-decoding.ts';
import type { MimePart } from '../mime-structure.ts';
import { appointmentsIn } from './appointments.ts';
import { contactsIn } from './contacts.ts';
import type { Explanation } from './explanation.ts';
import { deliveryReports, receiptOf } from './reports.ts';

/** Of one message; a mail that brings more is no letter. */
const MAX_EXPLANATIONS = 20;
/** Of a calendar or a card: what is larger is a whole address book, and stays a file. */
const MAX_FILE_BYTES = 512 * 1024;
/** Where an armoured message may begin, in the mail's bytes. */
const ARMOUR_SEARCHED = 64 * 1024;
const PGP_MESSAGE = '-----BEGIN PGP MESSAGE-----';

/** What is to be said of the parts of one message. Each part is looked at alone; messages within it are explained on their own. */
export function explain(root: MimePart, header: MailHeader): Explanation[] {
  const found: Explanation[] = [...partial(header)];
  const walk = (part: MimePart): void => {
    if (found.length >= MAX_EXPLANATIONS) return;
    found.push(...ofPart(part));
    part.children.forEach(walk);
  };
  walk(root);
  return distinct(found).slice(0, MAX_EXPLANATIONS);
}

function ofPart(part: MimePart): readonly Explanation[] {
  const name = part.filename?.toLowerCase() ?? '';
  const is = (type: string, ending: RegExp): boolean => part.mediaType === type || ending.test(name);
  switch (part.mediaType) {
    case 'multipart/encrypted':
    case 'application/pgp-encrypted':
      return [{ kind: 'pgp-encrypted' }];
    case 'message/delivery-status':
    case 'message/global-delivery-status':
      return deliveryReports(contentOf(part));
    case 'message/disposition-notification':
    case 'message/global-disposition-notification':
      return receiptOf(contentOf(part));
  }
  if (part.isMultipart) return [];
  if (is('application/x-microsoft-rpmsg-message', /\.rpmsg$/)) return [{ kind: 'rights-protected' }];
  if (is('text/calendar', /\.ics$/) || part.mediaType === 'application/ics') return fromText(part, appointmentsIn);
  if (is('text/vcard', /\.vcf$/) || part.mediaType === 'text/x-vcard') return fromText(part, contactsIn);
  return isPgpMessage(part, name) ? [{ kind: 'pgp-encrypted' }] : [];
}

function contentOf(part: MimePart): Buffer {
  return decodeTransfer(part.body.subarray(0, 2 * MAX_FILE_BYTES), part.encoding).bytes.subarray(0, MAX_FILE_BYTES);
}

function fromText(part: MimePart, read: (text: string) => Explanation[]): readonly Explanation[] {
  const bytes = decodeTransfer(part.body.subarray(0, 2 * MAX_FILE_BYTES), part.encoding).bytes;
  return bytes.length > MAX_FILE_BYTES ? [] : read(decodeText(bytes, part.charset).text);
}

/** Armoured in a text or a file, or a file that says so by its name. */
function isPgpMessage(part: MimePart, name: string): boolean {
  if (/\.(pgp|gpg)$/.test(name)) return true;
  if (!part.mediaType.startsWith('text/') && !name.endsWith('.asc')) return false;
  const start = decodeTransfer(part.body.subarray(0, ARMOUR_SEARCHED), part.encoding).bytes.toString('latin1');
  return start.startsWith(PGP_MESSAGE) || start.includes(`\n${PGP_MESSAGE}`);
}

function partial(header: MailHeader): Explanation[] {
  const type = fieldWithParameters(header.first('content-type'));
  if (type.value !== 'message/partial') return [];
  const number = (name: string): number => {
    const value = type.parameters.get(name) ?? '';
    return /^\d{1,6}$/.test(value) ? Number(value) : 0;
  };
  return [{ kind: 'partial', piece: number('number'), pieces: number('total') }];
}

/** A calendar comes as an alternative and as a file, and one sentence on encryption is enough. */
function distinct(explanations: readonly Explanation[]): Explanation[] {
  return [...new Map(explanations.map((each) => [JSON.stringify(each), each])).values()];
}
