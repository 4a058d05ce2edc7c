import type { MimePart } from './mime-structure.ts';

/** What mailers write in front of the first part for programs of the eighties, in whatever language. */
const FOR_OLD_PROGRAMS = /\bMIME\b|multi-?part|digitally signed/i;
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
  const text = piece.toString('latin1').trim();
  return text === '' || FOR_OLD_PROGRAMS.test(text);
}
