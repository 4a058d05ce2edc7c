import { isUtf8 } from 'node:buffer';
import { canBe, isMostlyUtf8, likelyCharset } from './charset-evidence.ts';
import { decodeAs } from './charset-decoders.ts';
import { charsetName, saysNothing } from './charset-names.ts';

/**
 * What came of a label: `none` where there is none or one that says nothing, `followed`, `unknown` where the name means nothing to
 * us, `wrong` where the bytes cannot be what it says.
 */
export type LabelVerdict = 'none' | 'followed' | 'unknown' | 'wrong';

/** In which charset bytes are read, and why. */
export interface CharsetDecision {
  /** A name that `decodeAs` knows. */
  readonly charset: string;
  readonly label: LabelVerdict;
}

/** Text is decoded before anything is sanitised and is always sent on as UTF-8, so a charset cannot smuggle markup past the sanitiser. */
export interface DecodedText {
  readonly text: string;
  readonly label: LabelVerdict;
}

const NOTHING = Buffer.alloc(0);

/**
 * The one decision, for bodies, header fields, encoded words and file names alike. A label is believed while the bytes can be what it
 * says. Without one, or against one: UTF-8 if they are that but for some damage, then the first of the others that they can be, then
 * what a detector is sure of, else windows-1252, in which every byte means something.
 *
 * @param label as the mail has it; '' for none
 * @param bytes all of them, or as many as are shown
 * @param others what else the mail says: of its HTML, of its other parts
 */
export function decideCharset(label: string, bytes: Buffer, others: readonly string[] = []): CharsetDecision {
  const name = charsetName(label);
  if (isKnown(name) && canBe(name, bytes)) return { charset: name, label: 'followed' };
  const verdict = saysNothing(name) ? 'none' : isKnown(name) ? 'wrong' : 'unknown';
  return { charset: unlabelled(bytes, others), label: verdict };
}

/** As `decideCharset`. */
export function decodeText(bytes: Buffer, label: string, others: readonly string[] = []): DecodedText {
  const decision = decideCharset(label, bytes, others);
  return { text: decodeAs(bytes, decision.charset) ?? bytes.toString('latin1'), label: decision.label };
}

function isKnown(name: string): boolean {
  return !saysNothing(name) && decodeAs(NOTHING, name) !== null;
}

function unlabelled(bytes: Buffer, others: readonly string[]): string {
  const names = others.map(charsetName).filter(isKnown);
  const wide = names.find((name) => /^utf-(?:16|32)/.test(name) && canBe(name, bytes)); // NUL is a byte of UTF-8, too
  if (wide !== undefined) return wide;
  if (!isUtf8(bytes))
    return isMostlyUtf8(bytes) ? 'utf-8' : (names.find((name) => canBe(name, bytes)) ?? likelyCharset(bytes));
  return bytes.includes(0x1b) ? likelyCharset(bytes) : 'utf-8';
}
