import { randomBytes, randomUUID } from 'node:crypto';
import { base32Lower } from './encodings.ts';

/** Names a sealed message: base32 (lower case) of the first 20 bytes of the SHA-256 of its age header. 32 characters. */
export type MessageId = string & { readonly __brand: 'MessageId' };
/** Names a person in events and stream names: 128 random bits in base32, never an address nor anything made from one. 26 characters. */
export type PersonId = string & { readonly __brand: 'PersonId' };
/** Names an event: a UUID, version 4, in lower case. */
export type EventId = string & { readonly __brand: 'EventId' };
/** A personal value as an event holds it, under the key of one person: made and read by the keyring (`personal-data.ts`). */
export type EncryptedPersonalData = string & { readonly __brand: 'EncryptedPersonalData' };

const MESSAGE_ID = /^[a-z2-7]{32}$/;
const PERSON_ID = /^[a-z2-7]{26}$/;
const EVENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NIL = '00000000-0000-0000-0000-000000000000';

/** @returns null for anything that cannot be a message id. */
export function parseMessageId(text: string): MessageId | null {
  return MESSAGE_ID.test(text) ? (text as MessageId) : null;
}

/** @returns null for anything that cannot be a person id. */
export function parsePersonId(text: string): PersonId | null {
  return PERSON_ID.test(text) ? (text as PersonId) : null;
}

/** @returns null for anything but a lower-case, non-zero UUID. */
export function parseEventId(text: string): EventId | null {
  return EVENT_ID.test(text) && text !== NIL ? (text as EventId) : null;
}

export function newEventId(): EventId {
  return randomUUID() as EventId;
}

export function newPersonId(): PersonId {
  return base32Lower(randomBytes(16)) as PersonId;
}
