import { createHash, createSecretKey, hkdfSync } from 'node:crypto';
import { FILE_KEY_BYTES } from './age/header.ts';
import { PAYLOAD_NONCE_BYTES } from './age/payload.ts';
import { readManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { SEALED_HEADER_BYTES, readSealedHeader } from './sealed-header.ts';

/** All of a seal that does not follow from its mail. */
export interface SealBeginning {
  /** 16 bytes; secret. */
  readonly fileKey: Buffer;
  readonly header: Buffer;
  readonly sealingKeyId: string;
  readonly manifestBytes: Buffer;
  readonly manifest: Manifest;
}

const VERSION = 1;
const KEY_ID_AT = 1 + FILE_KEY_BYTES + SEALED_HEADER_BYTES;

/** `0x01 ‖ file key (16) ‖ header (1627) ‖ length of the key id (1) ‖ key id ‖ manifest`. */
export function writeResumption({ fileKey, header, sealingKeyId, manifestBytes }: SealBeginning): Buffer {
  const keyId = Buffer.from(sealingKeyId, 'latin1');
  return Buffer.concat([Uint8Array.of(VERSION), fileKey, header, Uint8Array.of(keyId.length), keyId, manifestBytes]);
}

/** @throws TypeError for anything that `writeResumption` did not write */
export function readResumption(bytes: Uint8Array): SealBeginning {
  const all = Buffer.from(bytes);
  const manifestAt = KEY_ID_AT + 1 + (all[KEY_ID_AT] ?? 0);
  if (all[0] !== VERSION || all.length <= manifestAt) throw new TypeError('not what a seal can be taken up by');
  const header = all.subarray(1 + FILE_KEY_BYTES, KEY_ID_AT);
  const manifestBytes = all.subarray(manifestAt);
  const sealedHeader = readSealedHeader(header);
  const { manifest, manifestBytes: length } = readManifest(manifestBytes);
  const isOne = sealedHeader.status === 'header' && sealedHeader.headerSha256 === manifest.headerSha256;
  if (!isOne || length !== manifestBytes.length)
    throw new TypeError('a header and a manifest that are not of one seal');
  return {
    fileKey: Buffer.from(all.subarray(1, 1 + FILE_KEY_BYTES)),
    header,
    sealingKeyId: all.toString('latin1', KEY_ID_AT + 1, manifestAt),
    manifestBytes,
    manifest,
  };
}

/**
 * Follows from everything that is sealed: the same plaintext gives the same bytes again, and another one, should it ever come under the
 * same file key, gets another payload key. So no key stream is ever used for two texts, whatever a caller does.
 */
export function nonceOf(fileKey: Buffer, manifestBytes: Buffer, mailSha256: string): Buffer {
  const plaintext = createHash('sha256').update(manifestBytes).update(Buffer.from(mailSha256, 'hex')).digest();
  const key = createSecretKey(fileKey);
  return Buffer.from(hkdfSync('sha256', key, plaintext, 'segl payload nonce', PAYLOAD_NONCE_BYTES));
}
