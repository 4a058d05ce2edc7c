import type { MimePart } from './mime-structure.ts';

/** Sentences that mailers write in front of the first part for programs of the eighties: known word for word, nothing else fits in. */
const FOR_OLD_PROGRAMS = [
  /^this is an? (?:nested )?(?:multi-?part|cryptographically signed|mime|mime-encapsulated|mime-encoded|(?:openpgp|pgp|s)\/mime (?:signed|encrypted)) message(?: in mime format)?(?: \(rfc \d{4}(?: and \d{4})?\))?$/,
  /^this (?:is a )?message (?:is )?in mime format$/,
  /^since your mail reader does not understand this format, some or all of this message may not be legible$/,
  /^if you see this, your mail reader does not support this format$/,
  /^(?:det här är ett flerdelat meddelande i|dette er en (?:flerdelt|multipart) (?:meddelelse|besked|melding) i|denne (?:meddelelse|melding) er i) mime-format$/,
  /^dies(?:e nachricht ist im mime-format| ist eine mehrteilige nachricht im mime-format)$/,
];
const MAX_FOR_OLD_PROGRAMS = 1000;
const BETWEEN = Buffer.from('\r\n');

/** The words of a message that stand outside of all its parts (footers of lists, what was cut off its header); null for none. */
export function outsideText(root: MimePart): Buffer | null {
  const found: Buffer[] = [];
  const open = [root];
  for (let part = open.pop(); part; part = open.pop()) {
    found.push(...part.outside.filter((piece) => !isOfNoInterest(piece)));
    open.push(...part.children.toReversed());
  }
  return found.length === 0 ? null : Buffer.concat(found.flatMap((piece) => [piece, BETWEEN]));
}

function isOfNoInterest(piece: Buffer): boolean {
  if (piece.length > MAX_FOR_OLD_PROGRAMS) return piece.every((byte) => byte <= 0x20);
  const text = piece.toString('utf8').replace(/\s+/g, ' ').trim().toLowerCase();
  const sentences = text.split(/\.+(?: |$)/).filter((sentence) => sentence !== '');
  return sentences.every((sentence) => FOR_OLD_PROGRAMS.some((known) => known.test(sentence)));
}
