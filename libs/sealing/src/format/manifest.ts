import { AddressRefused, parseMailAddress, parseMessageId } from '#libs/vocabulary';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { encodeTerms, parseTerms } from './message-terms.ts';
import type { MessageTerm } from './message-terms.ts';

/*
 * The manifest: what the gateway says about a sealed mail, as header fields in front of the mail, signed. See FORMAT.md,
 * which gives every byte. Reading is by the very order and spelling of writing: a manifest that would be written otherwise is
 * not one.
 */

/** What the sender's side decides. */
export interface ManifestFacts {
  /** As people read it: 1 to 255 bytes of UTF-8, no control characters. */
  readonly organisation: string;
  readonly sender: MailAddress;
  /** The one recipient: a seal is never for two. */
  readonly recipient: MailAddress;
  readonly sealedAt: Instant;
  /** Later than sealedAt. */
  readonly expiresAt: Instant;
  /** The name of the policy that the organisation sealed under: 1 to 64 of a–z 0–9 . -, beginning and ending with a letter or digit. */
  readonly policy?: string;
  /** Absent, as an empty list is: none. */
  readonly terms?: readonly MessageTerm[];
}

export interface Manifest extends ManifestFacts {
  readonly messageId: MessageId;
  /** Hex in lower case. Binds the manifest to one age header, and so to one file key. */
  readonly headerSha256: string;
  /** Which of the organisation's Ed25519 keys signed: `manifest-3`. */
  readonly signingKeyId: string;
  /** Ed25519 over `manifestSigningInput`, 64 bytes. */
  readonly signature: Uint8Array;
}

export interface ManifestSigner {
  readonly keyId: string;
  /** Ed25519 (RFC 8032, the pure form), 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

export interface ManifestVerifier {
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** The text at the beginning of the plaintext is not a manifest. */
export class ManifestFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ManifestFault';
  }
}

/**
 * The versions of the manifest and of all of FORMAT.md. A reader refuses every other. The second is for messages with terms, so that a
 * portal that would not hold to them refuses them.
 */
const FORMAT_VERSION = '1';
const VERSION_WITH_TERMS = '2';
/** Keeps a signature from meaning anything anywhere else; the zero byte ends it. */
const SIGNING_CONTEXT = 'segl sealed mail manifest\0';
const SIGNATURE_BYTES = 64;
const MAX_ORGANISATION_BYTES = 255;
/** All fields at their longest are 1904 bytes. */
export const MAX_MANIFEST_BYTES = 2048;

/** 1 to 64 characters: names of policies and keys. */
const TOKEN = /^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const SIGNATURE_FIELD = 'Segl-Signature';

/** The bytes that stand in front of the mail. @throws TypeError when a fact is not what its doc comment says */
export function encodeManifest(
  facts: ManifestFacts,
  { messageId, headerSha256 }: { messageId: MessageId; headerSha256: string },
  signer: ManifestSigner,
): { bytes: Buffer; manifest: Manifest } {
  const unsigned = { ...facts, messageId, headerSha256, signingKeyId: signer.keyId };
  const fields = encodeFields(unsigned);
  let read: Omit<Manifest, 'signature'>;
  try {
    read = readFields(fields);
  } catch (cause) {
    throw new TypeError('these facts make no manifest', { cause }); // what could not be read again is never sealed
  }
  // UTF-8 has no lone surrogates: a text with one would come back as another text.
  if (read.organisation !== facts.organisation) throw new TypeError('the organisation is not well-formed text');
  const signature = signer.sign(manifestSigningInput(fields));
  if (signature.length !== SIGNATURE_BYTES) throw new TypeError('the manifest signer gave no Ed25519 signature');
  const bytes = Buffer.from(
    `${fields}${SIGNATURE_FIELD}: ${Buffer.from(signature).toString('base64url')}\r\n`,
    'latin1',
  );
  return { bytes, manifest: { ...read, signature } };
}

/** What the signature is made over: a context of its own, then the fields as they stand, without the signature's. */
export function manifestSigningInput(fields: string): Buffer {
  return Buffer.from(SIGNING_CONTEXT + fields, 'latin1');
}

/**
 * Reads the manifest from the beginning of the plaintext; the mail begins behind it. The signature is not checked here.
 *
 * @param plaintext at least MAX_MANIFEST_BYTES of it, or all there is
 * @throws ManifestFault
 */
export function readManifest(plaintext: Uint8Array): {
  manifest: Manifest;
  manifestBytes: number;
  signingInput: Buffer;
} {
  const window = Buffer.from(
    plaintext.buffer,
    plaintext.byteOffset,
    Math.min(plaintext.byteLength, MAX_MANIFEST_BYTES),
  );
  const text = window.toString('latin1');
  const signatureStart = text.indexOf(`\r\n${SIGNATURE_FIELD}: `) + 2;
  const end = text.indexOf('\r\n', signatureStart) + 2;
  if (signatureStart < 2 || end < 2) throw new ManifestFault('no signature field');
  const fields = text.slice(0, signatureStart);
  const encodedSignature = text.slice(signatureStart + SIGNATURE_FIELD.length + 2, end - 2);
  const signature = Buffer.from(encodedSignature, 'base64url');
  if (signature.length !== SIGNATURE_BYTES || signature.toString('base64url') !== encodedSignature) {
    throw new ManifestFault('the signature is not base64url of 64 bytes');
  }
  const manifest = { ...readFields(fields), signature: new Uint8Array(signature) };
  return { manifest, manifestBytes: end, signingInput: manifestSigningInput(fields) };
}

function encodeFields(manifest: Omit<Manifest, 'signature'>): string {
  const terms = encodeTerms(manifest.terms);
  const fields: [name: string, value: string | undefined][] = [
    ['Segl-Version', terms === undefined ? FORMAT_VERSION : VERSION_WITH_TERMS],
    ['Segl-Organisation', encodeText(manifest.organisation)],
    ['Segl-Message-Id', manifest.messageId],
    ['Segl-Header-Sha256', manifest.headerSha256],
    ['Segl-Sender', bytesAsText(manifest.sender)],
    ['Segl-Recipient', bytesAsText(manifest.recipient)],
    ['Segl-Sealed-At', manifest.sealedAt],
    ['Segl-Expires-At', manifest.expiresAt],
    ['Segl-Policy', manifest.policy],
    ['Segl-Terms', terms],
    ['Segl-Signing-Key', manifest.signingKeyId],
  ];
  return fields.map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`)).join('');
}

function readFields(text: string): Omit<Manifest, 'signature'> {
  const values = new Map<string, string>();
  for (const line of text.slice(0, -2).split('\r\n')) {
    const colon = line.indexOf(': ');
    if (colon < 0 || values.has(line.slice(0, colon)))
      throw new ManifestFault('a line that is no field, or a field twice');
    values.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const field = (name: string, pattern: RegExp): string => {
    const value = values.get(name);
    if (value === undefined || !pattern.test(value)) throw new ManifestFault(`${name} is absent or malformed`);
    return value;
  };
  const version = values.get('Segl-Version');
  if (version !== FORMAT_VERSION && version !== VERSION_WITH_TERMS)
    throw new ManifestFault('another version of the format');

  const messageId = parseMessageId(values.get('Segl-Message-Id') ?? '');
  if (messageId === null) throw new ManifestFault('Segl-Message-Id is absent or malformed');
  const manifest = {
    organisation: decodeText(values.get('Segl-Organisation') ?? ''),
    messageId,
    headerSha256: field('Segl-Header-Sha256', SHA256_HEX),
    sender: readAddress('Segl-Sender', values),
    recipient: readAddress('Segl-Recipient', values),
    sealedAt: readInstant(field('Segl-Sealed-At', INSTANT)),
    expiresAt: readInstant(field('Segl-Expires-At', INSTANT)),
    ...(values.has('Segl-Policy') ? { policy: field('Segl-Policy', TOKEN) } : {}),
    ...(values.has('Segl-Terms') ? { terms: readTerms(values.get('Segl-Terms') ?? '') } : {}),
    signingKeyId: field('Segl-Signing-Key', TOKEN),
  };
  if (manifest.expiresAt <= manifest.sealedAt) throw new ManifestFault('expires before it was sealed');
  // One spelling: unknown fields, another order or other spaces would be written otherwise.
  if (encodeFields(manifest) !== text) throw new ManifestFault('not the one spelling of its fields');
  return manifest;
}

function readTerms(text: string): readonly MessageTerm[] {
  const terms = parseTerms(text);
  if (terms === null) throw new ManifestFault('Segl-Terms holds a term that this release does not know');
  return terms;
}

function readAddress(name: string, values: ReadonlyMap<string, string>): MailAddress {
  // Bytes that are no UTF-8 come out as what no address has.
  const value = Buffer.from(values.get(name) ?? '', 'latin1').toString('utf8');
  try {
    if (parseMailAddress(value) === value) return value as MailAddress;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
  }
  throw new ManifestFault(`${name} is absent or no canonical address`);
}

function readInstant(text: string): Instant {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()) || date.toISOString() !== text)
    throw new ManifestFault('a time that does not exist');
  return text as Instant;
}

/** An address as it stands in the fields: UTF-8, each byte a character, as all of them are read and written here. */
function bytesAsText(address: MailAddress): string {
  return Buffer.from(address, 'utf8').toString('latin1');
}

/**
 * Any text in one line of printable ASCII: UTF-8 with every byte as `%` and two hex digits in upper case, but the printable ones
 * that mean nothing to a mail program. `=` is not among those (RFC 2047 words), nor is a space at either end.
 */
function encodeText(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x3d;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded.replace(/^ | $/g, '%20');
}

function decodeText(encoded: string): string {
  const bytes = Buffer.from(
    encoded.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  const text = bytes.toString('utf8');
  if (bytes.length === 0 || bytes.length > MAX_ORGANISATION_BYTES || /\p{Cc}/u.test(text)) {
    throw new ManifestFault('Segl-Organisation is absent, too long or holds control characters');
  }
  return text; // another spelling of the same text, or bytes that are no UTF-8, show when the fields are written again
}
