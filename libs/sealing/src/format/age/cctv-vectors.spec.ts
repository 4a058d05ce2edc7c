import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import * as vectors from 'cctv-age';
import { describe, expect, it } from '@jest/globals';
import { AgeFault } from './age-fault.ts';
import { openAgeFile } from './age-file.ts';
import type { AgeIdentity } from './age-identity.ts';
import { decodeArmor } from './armor.ts';
import { ScryptIdentity, X25519Identity } from './classical-identities.ts';
import { HybridIdentity } from './hybrid.ts';
import { NotSealedMail, SEALED_HEADER_BYTES, readSealedHeader } from '../sealed-header.ts';

interface Vector {
  readonly expect: string;
  readonly payload: string | null;
  readonly identities: readonly AgeIdentity[];
  readonly isArmored: boolean;
  readonly file: Buffer;
}

/** The form of a vector is told in the README of cctv-age: fields, an empty line, the file. */
function readVector(bytes: Uint8Array): Vector {
  const all = Buffer.from(bytes);
  const end = all.indexOf('\n\n');
  const fields = all
    .toString('latin1', 0, end)
    .split('\n')
    .map((line) => line.split(': ', 2) as [string, string]);
  const valuesOf = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value);
  const body = all.subarray(end + 2);
  return {
    expect: valuesOf('expect')[0] ?? '',
    payload: valuesOf('payload')[0] ?? null,
    identities: [
      ...valuesOf('identity').map((text) =>
        text.startsWith('AGE-SECRET-KEY-PQ-') ? HybridIdentity.parse(text) : X25519Identity.parse(text),
      ),
      ...valuesOf('passphrase').map((text) => new ScryptIdentity(text)),
    ],
    isArmored: valuesOf('armored')[0] === 'yes',
    file: valuesOf('compressed')[0] === 'zlib' ? inflateSync(body) : body,
  };
}

const all = Object.entries(vectors as unknown as Record<string, Uint8Array>)
  .filter(([name]) => name !== 'default')
  .map(([name, bytes]) => ({ name, vector: readVector(bytes) }));

/** The faults in the words of the vectors. */
const EXPECTED: Record<AgeFault['kind'], string> = {
  armor: 'armor failure',
  header: 'header failure',
  'no-match': 'no match',
  hmac: 'HMAC failure',
  payload: 'payload failure',
};

describe('the age layer, held against the CCTV vectors', () => {
  it('has all 143 of them', () => expect(all).toHaveLength(143));

  it.each(all)('$name', ({ vector }) => {
    const released = createHash('sha256');
    let outcome = 'success';
    try {
      const file = vector.isArmored ? decodeArmor(vector.file.toString('latin1')) : vector.file;
      openAgeFile(file, vector.identities, (chunk) => released.update(chunk));
    } catch (error) {
      if (!(error instanceof AgeFault)) throw error;
      outcome = EXPECTED[error.kind];
    }
    expect(outcome).toBe(vector.expect);
    // What was handed on before a fault must be right as well.
    if (vector.payload !== null) expect(released.digest('hex')).toBe(vector.payload);
  });
});

describe("the product's own path", () => {
  /** One mlkem768x25519 stanza and nothing else; whether it opens is another question, and not asked before sign-in. */
  const WITHIN_PROFILE = [
    'hybrid',
    'hybrid_bad_tag',
    'hybrid_currupted_enc_mlkem',
    'hybrid_currupted_enc_x25519',
    'hybrid_identity',
    'hybrid_low_order',
    'hybrid_no_match',
  ];

  it.each(all)('takes the header of $name only if it is within the profile', ({ name, vector }) => {
    let outcome: string;
    try {
      outcome = readSealedHeader(vector.file).status;
    } catch (error) {
      if (!(error instanceof NotSealedMail)) throw error;
      outcome = 'refused';
    }
    // An empty file, and one cut short within the header, could still become one: 'more' is no acceptance.
    if (vector.file.length < SEALED_HEADER_BYTES && outcome === 'more') return;
    expect([name, outcome]).toEqual([name, WITHIN_PROFILE.includes(name) ? 'header' : 'refused']);
  });
});
