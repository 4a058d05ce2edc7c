import { decodeText } from '../../syntax/charsets.ts';
import { decodeTransfer } from '../../syntax/transfer-decoding.ts';
import { mimeStructure } from '../mime-structure.ts';
import type { MimePart } from '../mime-structure.ts';
import type { ReadingLimits } from '../reading-limits.ts';
import type { Explanation } from './explanation.ts';
import { partsTogether } from './part-of-bytes.ts';
import { readSmime } from './smime.ts';
import { tnefParts, wordsOf } from './tnef/tnef-parts.ts';

export interface OpenedMail {
  readonly root: MimePart;
  readonly explanations: Explanation[];
}

/** Envelopes of one message that are opened; further ones stay files. */
const MAX_ENVELOPES = 10;
/** Envelopes within envelopes: signed twice, and winmail.dat within. */
const MAX_DEPTH = 3;
const TNEF_TYPES = new Set(['application/ms-tnef', 'application/vnd.ms-tnef']);
const SMIME_TYPES = new Set(['application/pkcs7-mime', 'application/x-pkcs7-mime']);

/**
 * Puts what an envelope holds that needs no key in its place in the tree: winmail.dat and opaque S/MIME signatures. Nothing
 * else changes; what cannot be opened stays the file that it is.
 */
export function openEnvelopes(root: MimePart, limits: ReadingLimits): OpenedMail {
  const explanations: Explanation[] = [];
  let left = MAX_ENVELOPES;

  const opened = (part: MimePart, depth: number): MimePart => {
    if (part.isMultipart) {
      const children: MimePart[] = [];
      for (const child of part.children) children.push(opened(child, depth));
      return children.every((child, at) => child === part.children[at]) ? part : { ...part, children };
    }
    if (left <= 0 || depth >= MAX_DEPTH) return part;
    if (isTnef(part)) {
      left--;
      const tnef = tnefParts(decodeTransfer(part.body, part.encoding).bytes, limits, textOf(root));
      if (tnef === null) return part;
      explanations.push({ kind: 'winmail', isDamaged: tnef.isDamaged });
      const inside = opened(partsTogether(tnef.parts), depth + 1);
      return tnef.isDamaged ? partsTogether([inside, { ...part, isAttachment: true }]) : inside;
    }
    if (isSmime(part)) {
      left--;
      const smime = readSmime(decodeTransfer(part.body, part.encoding).bytes);
      if (smime === null) return part;
      if (smime.kind === 'encrypted') {
        explanations.push({ kind: 'smime-encrypted' });
        return part;
      }
      explanations.push(smime.explanation);
      const { root: content } = mimeStructure(smime.content, limits.parts);
      return partsTogether([opened(content, depth + 1)]);
    }
    return part;
  };

  return { root: opened(root, 0), explanations };
}

function isTnef({ mediaType, filename }: MimePart): boolean {
  return TNEF_TYPES.has(mediaType) || /^winmail\.dat$/i.test(filename ?? '');
}

function isSmime({ mediaType, filename }: MimePart): boolean {
  return SMIME_TYPES.has(mediaType) || /\.p7m$/i.test(filename ?? '');
}

/** The words of the plain texts of a mail, for comparison. */
function textOf(root: MimePart): string {
  if (root.isMultipart) return root.children.map(textOf).join('');
  if (root.mediaType !== 'text/plain' || root.isAttachment) return '';
  return wordsOf(decodeText(decodeTransfer(root.body, root.encoding).bytes, root.charset).text);
}
