import { randomBytes } from 'node:crypto';
import { AgeFault } from './age-fault.ts';
import type { AgeIdentity } from './age-identity.ts';
import { FILE_KEY_BYTES, checkHeaderMac, encodeHeader, parseHeader } from './header.ts';
import type { AgeHeader, Stanza } from './header.ts';
import { PayloadOpener, PayloadSealer } from './payload.ts';

/** What a file key can be wrapped for. */
export interface AgeRecipient {
  wrapFileKey(fileKey: Uint8Array): Stanza;
}

/**
 * The file key of a header, whose MAC is then checked.
 *
 * @throws AgeFault `no-match`, `header`, `hmac`
 */
export function unwrapFileKey(header: AgeHeader, identities: readonly AgeIdentity[]): Buffer {
  for (const identity of identities) {
    const fileKey = identity.unwrapFileKey(header.stanzas);
    if (fileKey === null) continue;
    checkHeaderMac(header, fileKey);
    return fileKey;
  }
  throw new AgeFault('no-match', 'none of the stanzas is for these identities');
}

/**
 * The header of a new file, and the key that its payload is sealed under: random, and of one file alone. The caller overwrites the
 * key once `PayloadSealer` has it.
 */
export function newAgeHeader(recipients: readonly AgeRecipient[]): { header: Buffer; fileKey: Buffer } {
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const stanzas = recipients.map((recipient) => recipient.wrapFileKey(fileKey));
  return { header: encodeHeader(stanzas, fileKey), fileKey };
}

/**
 * A new file: its header, and what seals its payload.
 *
 * @param onSealed as PayloadSealer has it; neither the header nor the payload's nonce goes through it
 */
export function beginAgeFile(
  recipients: readonly AgeRecipient[],
  onSealed: (bytes: Buffer) => void,
): { header: Buffer; payload: PayloadSealer } {
  const { header, fileKey } = newAgeHeader(recipients);
  const payload = new PayloadSealer(fileKey, onSealed);
  fileKey.fill(0); // the keys made from it are held by OpenSSL now
  return { header, payload };
}

/**
 * Opens a whole binary age file of any kind that the identities know, outside the product's profile too: for tests of this
 * layer. Every chunk that `onChunk` gets was checked, also when a later one throws; it is valid during the call alone.
 *
 * @throws AgeFault
 */
export function openAgeFile(
  file: Uint8Array,
  identities: readonly AgeIdentity[],
  onChunk: (chunk: Buffer) => void,
): void {
  const header = parseHeader(file);
  const payload = new PayloadOpener(unwrapFileKey(header, identities), onChunk);
  payload.update(file.subarray(header.headerBytes));
  payload.finish();
}
