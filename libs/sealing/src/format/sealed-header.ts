import { createHash } from 'node:crypto';
import { DomainError, base32Lower } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { AgeFault } from './age/age-fault.ts';
import { decodeBase64 } from './age/base64.ts';
import { VERSION_LINE, parseHeader } from './age/header.ts';
import type { AgeHeader } from './age/header.ts';
import { HYBRID_BODY_BYTES, HYBRID_ENC_BYTES, HYBRID_STANZA } from './age/hybrid.ts';

/*
 * The profile: a sealed mail's header is one mlkem768x25519 stanza and nothing else. In age's strict grammar that leaves one
 * possible shape: every header is 1627 bytes long, with every line break at its place. So a header is held against that shape
 * byte by byte as it comes, and anything else is refused at its first wrong byte, before it has cost anything.
 */

const ENC_CHARACTERS = Math.ceil((HYBRID_ENC_BYTES * 8) / 6);
const BODY_CHARACTERS = Math.ceil((HYBRID_BODY_BYTES * 8) / 6);
const MAC_CHARACTERS = Math.ceil((32 * 8) / 6);

/** A fixed text, or so many characters of base64. */
const SHAPE: readonly (string | number)[] = [
  `${VERSION_LINE}-> ${HYBRID_STANZA} `,
  ENC_CHARACTERS,
  '\n',
  BODY_CHARACTERS,
  '\n--- ',
  MAC_CHARACTERS,
  '\n',
];

/** 1627 bytes: the length of every sealed mail's age header, its last line feed included. */
export const SEALED_HEADER_BYTES = SHAPE.reduce<number>(
  (sum, part) => sum + (typeof part === 'number' ? part : part.length),
  0,
);
/** 160 bits of the digest name a message: nobody finds two headers for one name. */
const MESSAGE_ID_DIGEST_BYTES = 20;

/** Why bytes are not the beginning of a sealed mail. */
export type NotSealedMailReason = 'not-age' | 'outside-profile' | 'too-short';

/** What was handed in is no sealed mail, whoever's; nothing was decrypted to know it. */
export class NotSealedMail extends DomainError {
  readonly reason: NotSealedMailReason;

  constructor(reason: NotSealedMailReason) {
    super('not-sealed-mail', `not a sealed mail: ${reason}`);
    this.reason = reason;
  }
}

export interface SealedHeader {
  readonly status: 'header';
  /** Always SEALED_HEADER_BYTES; the payload begins there. */
  readonly headerBytes: number;
  /** Made from the digest below: see messageIdOfHeader. */
  readonly messageId: MessageId;
  /** SHA-256 over the whole header, from `age-encryption.org` to the line feed after the MAC; hex in lower case. */
  readonly headerSha256: string;
}

/**
 * Tells the header from the first bytes of an upload; more bytes than the header's may be given, and are not looked at.
 * Constant in cost: at most 1627 bytes are read, and nothing is decrypted.
 *
 * @returns `more` while the bytes so far could still become a header
 * @throws NotSealedMail as soon as they cannot
 */
export function readSealedHeader(prefix: Uint8Array): { readonly status: 'more' } | SealedHeader {
  checkShape(prefix);
  if (prefix.length < SEALED_HEADER_BYTES) return { status: 'more' };
  const header = prefix.subarray(0, SEALED_HEADER_BYTES);
  parseSealedHeader(header); // the shape does not see stray bits at the end of base64
  const digest = createHash('sha256').update(header).digest();
  return {
    status: 'header',
    headerBytes: SEALED_HEADER_BYTES,
    messageId: messageIdOfDigest(digest),
    headerSha256: digest.toString('hex'),
  };
}

/**
 * The header by the age layer's own parser, held to the profile.
 *
 * @throws NotSealedMail
 */
export function parseSealedHeader(header: Uint8Array): AgeHeader {
  try {
    const parsed = parseHeader(header);
    const [stanza, ...others] = parsed.stanzas;
    const enc =
      stanza?.args[0] === HYBRID_STANZA && stanza.args.length === 2 ? decodeBase64(stanza.args[1] ?? '') : null;
    const isWithinProfile = enc?.length === HYBRID_ENC_BYTES && stanza?.body.length === HYBRID_BODY_BYTES;
    if (isWithinProfile && others.length === 0 && parsed.headerBytes === SEALED_HEADER_BYTES) return parsed;
  } catch (error) {
    if (!(error instanceof AgeFault)) throw error;
  }
  throw new NotSealedMail('outside-profile');
}

/** The name of a message: base32 in lower case of the first 20 bytes of its header's SHA-256. 32 characters. */
export function messageIdOfDigest(headerDigest: Uint8Array): MessageId {
  return base32Lower(headerDigest.subarray(0, MESSAGE_ID_DIGEST_BYTES)) as MessageId;
}

function checkShape(bytes: Uint8Array): void {
  let offset = 0;
  for (const part of SHAPE) {
    const length = typeof part === 'number' ? part : part.length;
    for (let i = 0; i < length; i++, offset++) {
      const byte = bytes[offset];
      if (byte === undefined) return;
      if (typeof part === 'number' ? isBase64(byte) : byte === part.charCodeAt(i)) continue;
      throw new NotSealedMail(offset < VERSION_LINE.length ? 'not-age' : 'outside-profile');
    }
  }
}

function isBase64(byte: number): boolean {
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return isLetter || (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2f;
}
