import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { personPseudonym } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { base32Lower, base64url, fromBase64url } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import type { RelayingId } from './relaying.ts';
import type { CutField } from './trace-fields.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** 1 MiB: a header's trace fields are under 256 KiB, a resumption under 4 KiB. */
const MAX_PLAINTEXT_BYTES = 1024 * 1024;

/** Some KiB, of which most is random: with zlib's own settings it takes longer to make room for their tables than to go through it. */
const QUICKLY = { level: 1, memLevel: 4, windowBits: 12 } as const;

/** What a seal is taken up by: its beginning, and the trace fields that the mail had when it was sealed. */
export interface KeptSeal {
  readonly resumption: Buffer;
  readonly cut: readonly CutField[];
}

/**
 * The same mail from the same sender to the same recipient has the same id in every gateway, as long as the recipient is not erased: a
 * digest under the recipient's own key, so that nobody can test a guess against it afterwards.
 *
 * @param sameMail of `lookAtMail`
 */
export function relayingIdOf(recipient: Person, mailFrom: MailAddress | null, sameMail: Buffer): RelayingId {
  const text = JSON.stringify([mailFrom, sameMail.toString('hex')]);
  return base32Lower(fromBase64url(personPseudonym(recipient, 'relaying', text)) ?? Buffer.alloc(0)) as RelayingId;
}

/**
 * Enciphered under a key that follows from the mail and from the recipient's key together, and from nothing that is recorded: with the
 * whole record and all keys of the gateway it opens for nobody who does not have the mail already. base64url.
 */
export function keepSeal({ resumption, cut }: KeptSeal, recipient: Person, sameMail: Buffer): string {
  const plaintext = deflateRawSync(
    JSON.stringify([resumption.toString('latin1'), cut.map(({ at, text }) => [at, text])]),
    QUICKLY,
  );
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(recipient, sameMail), nonce, { authTagLength: TAG_BYTES });
  return base64url(Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
}

/** Null for what was kept of another mail or person, or was altered. */
export function keptSealOf(text: string, recipient: Person, sameMail: Buffer): KeptSeal | null {
  const bytes = fromBase64url(text);
  if (bytes === null || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(recipient, sameMail), nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const json = inflateRawSync(plaintext, { maxOutputLength: MAX_PLAINTEXT_BYTES }).toString();
    const [resumption, cut] = JSON.parse(json) as [string, [number, string][]];
    return { resumption: Buffer.from(resumption, 'latin1'), cut: cut.map(([at, field]) => ({ at, text: field })) };
  } catch {
    return null; // without its cause: that could quote the header
  }
}

/** `sameMail` is a digest that is nowhere recorded: without the bytes of the mail nobody comes to it. */
function keyOf(recipient: Person, sameMail: Buffer): KeyObject {
  const salt = personPseudonym(recipient, 'kept seal', sameMail.toString('hex'));
  return createSecretKey(Buffer.from(hkdfSync('sha256', createSecretKey(sameMail), salt, 'segl kept seal', 32)));
}
