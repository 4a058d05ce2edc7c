import { createHash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { MailHeader } from '../syntax/header-fields.ts';

/** One key of the signing domain, under the selector by which verifiers find its record. */
export interface DkimKey {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256';
  /** Of `<selector>._domainkey.<domain>`. */
  readonly selector: string;
  readonly privateKey: KeyObject;
}

/**
 * What a signature covers (RFC 6376 §5.4.1), each field that is there. Those of the first list once more than they are there, so that none
 * can be added (§8.15).
 */
const GUARDED_FIELDS = ['from', 'to', 'cc', 'subject', 'date', 'reply-to', 'message-id', 'content-type'] as const;
const OTHER_FIELDS = [
  'sender',
  'in-reply-to',
  'references',
  'mime-version',
  'content-transfer-encoding',
  'auto-submitted',
  'segl-message',
] as const;

const CRLF = Buffer.from('\r\n');

/** The hash of a body in simple canonical form (RFC 6376 §3.4.3): empty lines at its end do not count, the last line end always does. */
export class SimpleBodyHash {
  private readonly hash = createHash('sha256');
  /** Line ends that count only if something follows them. */
  private held: Uint8Array[] = [];

  update(piece: Uint8Array): void {
    let end = piece.length;
    while (end > 0 && (piece[end - 1] === 13 || piece[end - 1] === 10)) end--;
    if (end > 0) {
      for (const lineEnds of this.held) this.hash.update(lineEnds);
      this.held = [];
      this.hash.update(piece.subarray(0, end));
    }
    if (end < piece.length) this.held.push(Uint8Array.from(piece.subarray(end)));
  }

  digest(): string {
    return this.hash.update(CRLF).digest('base64');
  }
}

/**
 * A DKIM-Signature field (RFC 6376, RFC 8463 for Ed25519), header canonicalised as `relaxed`, body as `simple`: what we write has no
 * blanks that a server would change, and megabytes are hashed as they are.
 *
 * @param fields as they stand in the mail, folded or not, in their order
 * @param bodyHash of `SimpleBodyHash`
 * @returns with its line end
 */
export function dkimSignature(
  fields: MailHeader['fields'],
  bodyHash: string,
  domain: string,
  { algorithm, selector, privateKey }: DkimKey,
  signedAtMs: number,
): string {
  const covered = [
    ...GUARDED_FIELDS.flatMap((name) => [...fields.filter((field) => field.name === name).map(() => name), name]),
    ...OTHER_FIELDS.flatMap((name) => fields.filter((field) => field.name === name).map(() => name)),
  ];
  const unsigned =
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/simple; d=${domain};\r\n` +
    ` s=${selector}; t=${Math.floor(signedAtMs / 1000)};\r\n` +
    ` h=${folded(covered)};\r\n` +
    ` bh=${bodyHash};\r\n` +
    ` b=`;
  const signedText = `${inRelaxedForm(fields, covered)}${relaxed('dkim-signature', unsigned.slice(unsigned.indexOf(':') + 1))}`;
  const signature = signatureOver(signedText, algorithm, privateKey);
  return `${unsigned}${(signature.match(/.{1,72}/g) ?? []).join('\r\n ')}\r\n`;
}

function signatureOver(text: string, algorithm: DkimKey['algorithm'], privateKey: KeyObject): string {
  const bytes = Buffer.from(text, 'latin1');
  if (algorithm === 'rsa-sha256') return sign('sha256', bytes, privateKey).toString('base64');
  // RFC 8463 §3: PureEdDSA over the SHA-256 of what is signed.
  return sign(null, createHash('sha256').update(bytes).digest(), privateKey).toString('base64');
}

/** Of fields with one name the last is taken first (RFC 6376 §5.4.2); one that is not there adds nothing. */
function inRelaxedForm(fields: MailHeader['fields'], covered: readonly string[]): string {
  const taken = new Map<string, number>();
  let text = '';
  for (const name of covered) {
    const index = taken.get(name) ?? 0;
    taken.set(name, index + 1);
    const field = fields.filter((each) => each.name === name).at(-1 - index);
    if (field !== undefined) text += `${relaxed(name, field.value)}\r\n`;
  }
  return text;
}

/** RFC 6376 §3.4.2 */
function relaxed(name: string, value: string): string {
  const unfolded = value.replace(/\r?\n/g, '').replace(/[ \t]+/g, ' ');
  return `${name}:${unfolded.replace(/^ | $/g, '')}`;
}

function folded(names: readonly string[]): string {
  const lines: string[] = [''];
  for (const name of names) {
    const line = lines.at(-1) ?? '';
    if (line.length + name.length > 64) lines.push(`${name}:`);
    else lines[lines.length - 1] = `${line}${name}:`;
  }
  return lines.join('\r\n  ').slice(0, -1);
}
