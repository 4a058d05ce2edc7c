import { decodeText } from '../../syntax/charsets.ts';
import { decodeTransfer } from '../../syntax/transfer-decoding.ts';
import { mimeStructure } from '../mime-structure.ts';
import type { MimePart } from '../mime-structure.ts';
import type { ReadingLimits } from '../reading-limits.ts';
import type { Explanation } from './explanation.ts';
import { partsTogether } from './part-of-bytes.ts';
import { detachedSignature, readSmime } from './smime.ts';
import type { TrustedAuthorities } from './smime-trust.ts';
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
 * else changes; what cannot be opened stays the file that it is. A signature beside its content is told of and stays a file.
 */
export function openEnvelopes(root: MimePart, limits: ReadingLimits, authorities: TrustedAuthorities): OpenedMail {
  const explanations: Explanation[] = [];
  let left = MAX_ENVELOPES;

  const opened = (part: MimePart, depth: number): MimePart => {
    if (part.isMultipart) {
      if (part.mediaType === 'multipart/signed' && left-- > 0) explanations.push(...signatureBeside(part, authorities));
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
      const smime = readSmime(decodeTransfer(part.body, part.encoding).bytes, authorities);
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

/** RFC 1847 §2.1: first what is signed, then its signature. */
function signatureBeside({ children }: MimePart, authorities: TrustedAuthorities): Explanation[] {
  const [content, signature] = children;
  if (!content?.whole || !signature) return [];
  if (signature.mediaType === 'application/pgp-signature') return [{ kind: 'pgp-signed' }];
  if (!/^application\/(?:x-)?pkcs7-signature$/.test(signature.mediaType)) return [];
  const found = detachedSignature(decodeTransfer(signature.body, signature.encoding).bytes, content.whole, authorities);
  return found === null ? [] : [found];
}

/** The words of the plain texts of a mail, for comparison. */
function textOf(root: MimePart): string {
  if (root.isMultipart) return root.children.map(textOf).join('');
  if (root.mediaType !== 'text/plain' || root.isAttachment) return '';
  return wordsOf(decodeText(decodeTransfer(root.body, root.encoding).bytes, root.charset).text);
}
