import { createHash } from 'node:crypto';

/** C2SP signed-note: Ed25519 over the text. */
const ED25519 = 0x01;

export interface NoteSigner {
  /** Without spaces or plus signs; for a log, its origin. */
  readonly name: string;
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

/** The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key). */
export function noteKeyId(name: string, publicKey: Uint8Array): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ED25519))
    .update(publicKey)
    .digest()
    .subarray(0, 4);
}

/** `<name>+<key id>+<base64 of 0x01 ‖ key>`: what others' verifiers are given (the "vkey" of Go's note package). */
export function verifierKey(name: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Uint8Array.of(ED25519), publicKey]).toString('base64');
  return `${requireKeyName(name)}+${noteKeyId(name, publicKey).toString('hex')}+${key}`;
}

/** @param text  ends in a line feed and has no other control characters */
export function signNote(text: string, signer: NoteSigner): string {
  if (!text.endsWith('\n') || /[^\P{Cc}\n]/u.test(text)) throw new TypeError('not a text that can be signed as a note');
  const signature = Buffer.concat([noteKeyId(signer.name, signer.publicKey), signer.sign(Buffer.from(text))]);
  return `${text}\n— ${requireKeyName(signer.name)} ${signature.toString('base64')}\n`;
}

/** @throws TypeError for a name that a signature line cannot hold */
export function requireKeyName(name: string): string {
  if (name === '' || /[\s+\p{Cc}]/u.test(name)) throw new TypeError(`not a key name: ${JSON.stringify(name)}`);
  return name;
}
