import { createDecipheriv } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import type { Instant, PersonId } from '#libs/vocabulary';
import { destroyKey, rotateKey } from '../../change-keys.ts';
import { PersonCustody } from '../../person/person-custody.ts';
import { temporaryKeyring } from '../../testing/temporary-keyring.ts';
import type { TemporaryKeyring } from '../../testing/temporary-keyring.ts';
import { filesOf, postgresBinaries, startTemporaryPostgres } from '../../testing/temporary-postgres.ts';
import type { TemporaryPostgres } from '../../testing/temporary-postgres.ts';
import { fileHoldsAny } from '../traces.ts';
import { PostgresPersonDirectory } from './postgres-person-directory.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;
jest.setTimeout(120_000); // servers start; a busy machine takes its time
const now = '2026-03-01T12:00:00.000Z' as Instant;
const anna = parseMailAddress('anna@example.com');
const bo = parseMailAddress('bo@example.com');

/** nonce, 32 bytes, tag. */
const WRAPPED_BYTES = 12 + 32 + 16;
/** A row begins with the person's id; the wrapped key stands within this of it, whatever is in between. */
const NEAR_BYTES = 200;

withPostgres('what an erased row leaves behind in PostgreSQL', () => {
  let server: TemporaryPostgres;
  let keys: TemporaryKeyring;
  let persons: PostgresPersonDirectory;

  beforeEach(async () => {
    server = await startTemporaryPostgres();
    keys = await temporaryKeyring();
    persons = await PostgresPersonDirectory.open(server.url, keys.keyring);
  });

  afterEach(async () => {
    await persons.close();
    await keys.remove();
    await server.remove();
  });

  it('opens under no key once the wrapping key is destroyed, wherever it is found', async () => {
    const [person, other] = [await persons.findOrCreate(anna), await persons.findOrCreate(bo)];
    const [row] = await server.query<{ wrapped_key: Buffer; address_hash: Buffer }>(
      `SELECT * FROM segl_persons.persons JOIN segl_persons.person_index USING (person_id) WHERE person_id = '${person.personId}'`,
    );
    if (row === undefined) throw new Error('anna is there');
    await persons.erase(person.personId);
    await persons.close(); // after the sweep that follows an erasure
    await server.restart(); // and a checkpoint: whatever is only in memory is in a file now

    expect(await server.query(`SELECT 1 FROM segl_persons.persons WHERE person_id = '${person.personId}'`)).toEqual([]);
    // The reason for the rotation. Were it no longer so, this test would prove nothing with what follows.
    expect(await isInAnyFile(row.wrapped_key)).toBe(true);
    expect(await isOpenedByAnyKeyOf(person.personId)).toBe(true);

    persons = await PostgresPersonDirectory.open(server.url, keys.keyring);
    const oldKey = keys.keyring.personWrappingKeys()[0]?.bytes ?? Buffer.alloc(0);
    await rotateKey(keys.directory, 'person-wrapping', { now });
    keys.keyring.refresh();
    expect(await persons.rewrap()).toBe(1);
    expect(await persons.countDependingOn('person-wrapping-1')).toBe(0);
    await destroyKey(keys.directory, 'person-wrapping-1', { now });
    keys.keyring.refresh();
    await server.restart();

    expect(await isInAnyFile(row.wrapped_key)).toBe(true); // in the WAL at least, and for a while
    expect(await isOpenedByAnyKeyOf(person.personId)).toBe(false);
    const custody = new PersonCustody(keys.keyring);
    for (const wrapping_key_id of ['person-wrapping-1', 'person-wrapping-2']) {
      const found = { person_id: person.personId, wrapping_key_id, wrapped_key: row.wrapped_key };
      expect(() => custody.unwrap(found)).toThrow(/does not have|does not open/);
    }
    for (const file of await filesOf(keys.directory))
      expect((await readFile(file, 'utf8')).includes(Buffer.from(oldKey).toString('base64url'))).toBe(false);
    // The others are none the worse for it, and their rows are found and opened by the very same search.
    expect((await persons.find(bo))?.personId).toBe(other.personId);
    expect(await isOpenedByAnyKeyOf(other.personId)).toBe(true);
    expect(await isInAnyFile(Buffer.from('example.com'))).toBe(false);
  });

  async function isInAnyFile(trace: Uint8Array): Promise<boolean> {
    for (const file of await filesOf(server.dataDirectory)) if (await fileHoldsAny(file, [trace])) return true;
    return false;
  }

  /** As a thief of the server's disk and of the keyring would: every key of it on every place of every file that may hold the person's row. */
  async function isOpenedByAnyKeyOf(personId: PersonId): Promise<boolean> {
    const wrapping = keys.keyring.personWrappingKeys();
    for (const file of await filesOf(server.dataDirectory)) {
      const bytes = await readFile(file);
      for (let at = bytes.indexOf(personId); at !== -1; at = bytes.indexOf(personId, at + 1)) {
        for (let start = at; start < at + NEAR_BYTES; start++) {
          const wrapped = bytes.subarray(start, start + WRAPPED_BYTES);
          if (wrapped.length < WRAPPED_BYTES) break;
          if (wrapping.some((key) => opens(key.bytes, wrapped, `segl.person-wrapping.v1\0${personId}\0${key.keyId}`)))
            return true;
        }
      }
    }
    return false;
  }
});

/** By hand, so that it does not hang on what the room itself refuses. */
function opens(key: Uint8Array, wrapped: Buffer, context: string): boolean {
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(wrapped.subarray(-16));
  decipher.update(wrapped.subarray(12, -16));
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
