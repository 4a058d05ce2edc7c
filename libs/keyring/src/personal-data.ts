import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Json } from '#libs/event-store';
import { base64url, DomainError, fromBase64url } from '#libs/vocabulary';
import type { EncryptedPersonalData, EventId } from '#libs/vocabulary';
import { secretOfPerson } from './person/person.ts';
import type { Person } from './person/person.ts';

export type { EncryptedPersonalData } from '#libs/vocabulary';

/**
 * Of an `EncryptedPersonalData`, a personal value as an event holds it. It is readable with the person's key (or with the one
 * key that discloses this value):
 *
 *     base64url( 0x01 ‖ nonce (12) ‖ commitment (32) ‖ AES-256-GCM ciphertext ‖ tag (16) )
 *
 *     disclosure key = HKDF-SHA-256(person's key, salt = event id, info = "segl.personal-data.v1" 0x00 person id 0x00 field)
 *     encryption key ‖ commitment = HKDF-SHA-256(disclosure key, no salt, info = "segl.personal-data.v1 keys", 64 bytes)
 *
 * The plaintext is JSON in UTF-8, filled up with spaces to a multiple of 32 bytes, since a length is a trace that erasing the
 * person would leave. The associated data is the version byte with the commitment. The commitment makes it impossible that one
 * text opens to different values under different keys: GCM alone does not promise that, and a court would ask.
 */
const VERSION = 1;

/** Opens one value of one event and nothing else; base64url of 32 bytes. Handing it out discloses that value for good. */
export type DisclosureKey = string & { readonly __brand: 'DisclosureKey' };

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const COMMITMENT_BYTES = 32;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + COMMITMENT_BYTES;
const PADDED_TO_BYTES = 32;
const PSEUDONYM_BYTES = 16;

/** The text is not one of ours, was altered, or belongs to another person, event or field. Which of them is not told apart. */
export class PersonalDataUnreadable extends DomainError {
  constructor() {
    super('personal-data-unreadable', 'a personal value in an event does not open under the key that should open it');
  }
}

/**
 * Encrypts one value for one field of one event that is about to be recorded. Calling it twice gives two texts, both good.
 * @throws TypeError for what JSON cannot hold, and for a field with a NUL in its name
 */
export function encryptPersonalData(
  person: Person,
  eventId: EventId,
  field: string,
  value: Json,
): EncryptedPersonalData {
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) throw new TypeError('a personal value must be JSON');
  const { encryptionKey, commitment } = keysOf(discloseBytes(person, eventId, field));
  const nonce = randomBytes(NONCE_BYTES);
  const head = Buffer.concat([Uint8Array.of(VERSION), nonce, commitment]);
  const cipher = createCipheriv('aes-256-gcm', encryptionKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(commitment));
  const ciphertext = cipher.update(padded(Buffer.from(json)));
  return base64url(Buffer.concat([head, ciphertext, cipher.final(), cipher.getAuthTag()])) as EncryptedPersonalData;
}

/** @throws PersonalDataUnreadable */
export function decryptPersonalData(
  person: Person,
  eventId: EventId,
  field: string,
  text: EncryptedPersonalData,
): Json {
  return open(discloseBytes(person, eventId, field), text);
}

/** The key with which a third party reads this one value, without the person's key and without any other value. */
export function disclosureKey(person: Person, eventId: EventId, field: string): DisclosureKey {
  return base64url(discloseBytes(person, eventId, field)) as DisclosureKey;
}

/** Reads a disclosed value; needs nothing else of Segl. @throws PersonalDataUnreadable */
export function decryptDisclosed(key: DisclosureKey, text: EncryptedPersonalData): Json {
  const bytes = fromBase64url(key);
  if (bytes?.length !== KEY_BYTES) throw new PersonalDataUnreadable();
  return open(bytes, text);
}

/**
 * HMAC-SHA-256 of a text under a key that follows from the person's and the purpose, cut to 16 bytes, base64url: equal for
 * equal text, and nothing that anybody could test a guess against once the person is erased.
 */
export function personPseudonym(person: Person, purpose: string, text: string): string {
  const info = `segl.person-pseudonym.v1\0${person.personId}\0${purpose}`;
  const key = createSecretKey(hkdf(secretOfPerson(person.key), '', info, KEY_BYTES));
  return base64url(createHmac('sha256', key).update(text).digest().subarray(0, PSEUDONYM_BYTES));
}

function discloseBytes({ personId, key }: Person, eventId: EventId, field: string): Buffer {
  if (field.length === 0 || field.includes('\0')) throw new TypeError('a field needs a name without NUL');
  const info = `segl.personal-data.v1\0${personId}\0${field}`;
  return hkdf(secretOfPerson(key), eventId, info, KEY_BYTES);
}

function keysOf(disclosure: Buffer): { encryptionKey: KeyObject; commitment: Buffer } {
  const bytes = hkdf(disclosure, '', 'segl.personal-data.v1 keys', KEY_BYTES + COMMITMENT_BYTES);
  return { encryptionKey: createSecretKey(bytes.subarray(0, KEY_BYTES)), commitment: bytes.subarray(KEY_BYTES) };
}

/** Under a key object: whether bytes are one takes Node longer than the derivation itself. */
function hkdf(key: Uint8Array, salt: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', createSecretKey(key), salt, info, bytes));
}

function open(disclosure: Buffer, text: EncryptedPersonalData): Json {
  const bytes = fromBase64url(text);
  if (bytes === null || bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== VERSION)
    throw new PersonalDataUnreadable();
  const { encryptionKey, commitment } = keysOf(disclosure);
  if (!timingSafeEqual(commitment, bytes.subarray(1 + NONCE_BYTES, HEAD_BYTES))) throw new PersonalDataUnreadable();
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', encryptionKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(commitment));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const json = Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
    return JSON.parse(json.toString('utf8')) as Json;
  } catch {
    throw new PersonalDataUnreadable(); // without its cause: that could quote the value
  }
}

function associatedData(commitment: Buffer): Buffer {
  return Buffer.concat([Uint8Array.of(VERSION), commitment]);
}

function padded(json: Buffer): Buffer {
  const padding = (PADDED_TO_BYTES - (json.length % PADDED_TO_BYTES)) % PADDED_TO_BYTES;
  return Buffer.concat([json, Buffer.alloc(padding, ' ')]);
}
