import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A key that the reader trusts, from its "vkey" text (C2SP signed-note: `<name>+<id>+<base64 of type ‖ key>`). */
export interface TrustedKey {
  /** `log`: signs checkpoints; `witness`: cosigns them (C2SP tlog-cosignature). */
  readonly signs: 'log' | 'witness';
  readonly name: string;
  readonly id: string;
  readonly publicKey: KeyObject;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

export type NoteFault = 'not-a-checkpoint' | 'unknown-key' | 'bad-signature' | 'other-log' | 'not-witnessed';

/** DER of an Ed25519 SubjectPublicKeyInfo up to its 32 bytes (RFC 8410 §4). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
/** More than a log and a network of witnesses sign with; C2SP asks for 16 at least. */
const MAX_SIGNATURES = 64;

/** Null when the text is no Ed25519 key in this form, or its id is not its own. */
export function readTrustedKey(vkey: string): TrustedKey | null {
  const [name, id, encoded, ...rest] =
    vkey.trim().split('+').length > 3 ? splitKey(vkey.trim()) : vkey.trim().split('+');
  if (!name || !id || !encoded || rest.length > 0) return null;
  const bytes = Buffer.from(encoded, 'base64');
  const signs = bytes[0] === 1 ? 'log' : bytes[0] === 4 ? 'witness' : null;
  if (bytes.length !== 33 || signs === null) return null;
  const ownId = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8);
  if (ownId !== id) return null;
  const key = Buffer.concat([ED25519_SPKI, bytes.subarray(1)]);
  return { signs, name, id, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) };
}

/** Base64 may hold plus signs: only the first two separate. */
function splitKey(vkey: string): string[] {
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  return [vkey.slice(0, first), vkey.slice(first + 1, second), vkey.slice(second + 1)];
}

/**
 * The checkpoint in a note, if one of the log's keys signed it, and every witness that is given. Signatures of keys that are not given are passed over, as the format
 * demands (witnesses, rotated keys); a wrong one by a given key spoils the note.
 */
export function readSignedCheckpoint(note: string, keys: readonly TrustedKey[]): Checkpoint | NoteFault {
  const end = note.lastIndexOf('\n\n');
  const [origin, sizeText, rootText] = note.split('\n');
  if (end < 0 || !origin || !/^(0|[1-9]\d{0,15})$/.test(sizeText ?? '')) return 'not-a-checkpoint';
  const root = Buffer.from(rootText ?? '', 'base64');
  if (root.length !== 32 || root.toString('base64') !== rootText) return 'not-a-checkpoint';
  const text = Buffer.from(note.slice(0, end + 1));
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > MAX_SIGNATURES) return 'not-a-checkpoint';
  let signedBy: TrustedKey | null = null;
  const witnessedBy = new Set<TrustedKey>();
  for (const line of lines) {
    const match = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line);
    if (match === null) return 'not-a-checkpoint';
    const signature = Buffer.from(match[2] as string, 'base64');
    const key = keys.find(({ name, id }) => name === match[1] && id === signature.toString('hex', 0, 4));
    if (key === undefined) continue;
    if (!isSignedBy(key, text, signature.subarray(4))) return 'bad-signature';
    if (key.signs === 'log') signedBy = key;
    else witnessedBy.add(key);
  }
  if (signedBy === null) return 'unknown-key';
  if (signedBy.name !== origin) return 'other-log';
  if (keys.some((key) => key.signs === 'witness' && !witnessedBy.has(key))) return 'not-witnessed';
  return { origin, size: Number(sizeText), root, note };
}

/** A cosignature has eight bytes of time in front, which it is over as well. */
function isSignedBy({ signs, publicKey }: TrustedKey, text: Buffer, signature: Buffer): boolean {
  if (signs === 'log') return verify(null, text, publicKey, signature);
  if (signature.length !== 72) return false;
  const time = signature.readBigUInt64BE(0);
  const signed = Buffer.concat([Buffer.from(`cosignature/v1\ntime ${time}\n`), text]);
  return time > 0n && verify(null, signed, publicKey, signature.subarray(8));
}
