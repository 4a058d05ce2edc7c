import { isUtf8 } from 'node:buffer';
import { decodeAs } from './charset-decoders.ts';
import { charsetName, saysNothing } from './charset-names.ts';

/** In which charset bytes are read, and why. */
export interface CharsetDecision {
  /** A name that `decodeAs` knows. */
  readonly charset: string;
  /** False where the label means nothing to us, and the text may be wrong. */
  readonly isLabelKnown: boolean;
}

/** Text is decoded before anything is sanitised and is always sent on as UTF-8, so a charset cannot smuggle markup past the sanitiser. */
export interface DecodedText {
  readonly text: string;
  readonly isCharsetKnown: boolean;
}

const NOTHING = Buffer.alloc(0);

/**
 * The one decision, for bodies, header fields, encoded words and file names alike. A label that is known is followed; where there is
 * none, or one that says nothing, it is UTF-8 if the bytes are that, else windows-1252, in which every byte means something.
 *
 * @param label as the mail has it; '' for none
 * @param bytes all of them, or as many as are shown
 */
export function decideCharset(label: string, bytes: Buffer): CharsetDecision {
  const name = charsetName(label);
  if (saysNothing(name)) return { charset: likelyCharset(bytes), isLabelKnown: true };
  if (decodeAs(NOTHING, name) === null) return { charset: likelyCharset(bytes), isLabelKnown: false };
  return { charset: name, isLabelKnown: true };
}

/** @param label as the mail has it; '' for none */
export function decodeText(bytes: Buffer, label: string): DecodedText {
  const { charset, isLabelKnown } = decideCharset(label, bytes);
  return { text: decodeAs(bytes, charset) ?? bytes.toString('latin1'), isCharsetKnown: isLabelKnown };
}

function likelyCharset(bytes: Buffer): string {
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}
