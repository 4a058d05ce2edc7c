import { inspect } from 'node:util';
import type { PersonId } from '#libs/vocabulary';

/** 256 bits: AES-256 and HKDF-SHA-256 below a person. */
export const PERSON_KEY_BYTES = 32;

const secrets = new WeakMap<PersonKey, Uint8Array>();

/** A person's secret of 32 bytes, which nothing prints, copies or serialises: only this room reads it. */
export class PersonKey {
  constructor(bytes: Uint8Array) {
    if (bytes.length !== PERSON_KEY_BYTES) throw new TypeError(`a person's key has ${PERSON_KEY_BYTES} bytes`);
    secrets.set(this, Uint8Array.from(bytes));
  }

  toString(): string {
    return '[a person’s key]';
  }

  /** @throws TypeError always: a key on its way into a log, an event or a response is a mistake worth stopping for */
  toJSON(): never {
    throw new TypeError('a person’s key is never serialised');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Someone in the record. Good for one request: never kept past it, so that an erased person is gone at once. */
export interface Person {
  readonly personId: PersonId;
  readonly key: PersonKey;
}

/** For this room alone: not exported at the door. */
export function secretOfPerson(key: PersonKey): Uint8Array {
  const bytes = secrets.get(key);
  if (bytes === undefined) throw new TypeError('not a person’s key');
  return bytes;
}
