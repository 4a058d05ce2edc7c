import { z } from 'zod';
import { parseKeyId } from '#libs/keyring';
import type { PersonRecord } from '#libs/keyring';
import { base64url, fromBase64url, parsePersonId } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { BadBackup } from './backup-form.ts';

const bytes = z.string().transform((text, context) => {
  const decoded = fromBase64url(text);
  if (decoded === null) context.addIssue('is not base64url');
  return decoded ?? Buffer.alloc(0);
});
const keyId = z.string().refine((text) => parseKeyId(text) !== null);
const lineSchema = z.object({
  person: z.string().refine((text) => parsePersonId(text) !== null),
  wrappedUnder: keyId,
  wrappedKey: bytes,
  index: z.array(z.object({ under: keyId, hash: bytes })),
});

/** One person on one line, with nothing in it that can be read without the keyring. */
export function personLine({ person_id, wrapping_key_id, wrapped_key, index }: PersonRecord): string {
  return JSON.stringify({
    person: person_id,
    wrappedUnder: wrapping_key_id,
    wrappedKey: base64url(wrapped_key),
    index: index.map(({ index_key_id, address_hash }) => ({ under: index_key_id, hash: base64url(address_hash) })),
  });
}

/** @throws BadBackup */
export function personOfLine(line: string): PersonRecord {
  try {
    const { person, wrappedUnder, wrappedKey, index } = lineSchema.parse(JSON.parse(line));
    return {
      person_id: person as PersonId,
      wrapping_key_id: wrappedUnder,
      wrapped_key: wrappedKey,
      index: index.map(({ under, hash }) => ({ index_key_id: under, address_hash: hash })),
    };
  } catch (cause) {
    throw new BadBackup('a line of its person directory is none', { cause });
  }
}
