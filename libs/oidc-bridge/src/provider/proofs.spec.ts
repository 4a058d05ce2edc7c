import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { FixedClock, plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { proofOf } from '../testing/stranger-client-portal.ts';
import { CookieSignatures } from './cookie-signatures.ts';
import { ephemeralKey } from './ephemeral-names.ts';
import { claimsOf, subjectOf, WaitingProofs } from './proofs.ts';

const noon = '2026-11-22T12:00:00.000Z' as Instant;
const proof = proofOf('anna', { provenAt: noon });

describe('a proof on its way to a client', () => {
  let store: MemoryEphemeralStore;
  let milliseconds: number;
  beforeEach(() => {
    milliseconds = 0;
    store = new MemoryEphemeralStore({ maxBytes: 1e6, clock: () => milliseconds });
  });
  afterEach(() => store.close());

  it('is taken once, of a hundred at once', async () => {
    const proofs = new WaitingProofs(store, new FixedClock(noon));
    const handle = await proofs.add(proof);
    expect(await proofs.peek(handle)).toEqual(proof);
    const taken = await Promise.all(Array.from({ length: 100 }, () => proofs.take(handle)));
    expect(taken.filter((one) => one !== null)).toEqual([proof]);
    expect(await proofs.peek(handle)).toBeNull();
  });

  it('lives ten minutes from when it was made, however late it is handed in', async () => {
    const proofs = new WaitingProofs(store, new FixedClock(plusSeconds(noon, 590)));
    const handle = await proofs.add(proof);
    milliseconds = 9_999;
    expect(await proofs.peek(handle)).toEqual(proof);
    milliseconds = 10_001;
    expect(await proofs.peek(handle)).toBeNull();
  });

  it.each([-15, -1, 1, 599, 601, 614])(
    'is taken by a process whose clock shows %d seconds after it was made',
    async (seconds) => {
      const proofs = new WaitingProofs(store, new FixedClock(plusSeconds(noon, seconds)));
      const handle = await proofs.add(proof);
      expect(await proofs.take(handle)).toEqual(proof);
    },
  );

  it.each([615, 86_400, -16, -60])('is refused %d seconds after it was made', async (seconds) => {
    const proofs = new WaitingProofs(store, new FixedClock(plusSeconds(noon, seconds)));
    await expect(proofs.add(proof)).rejects.toMatchObject({ code: 'proof-too-old' });
  });

  it('reads as absent when another release wrote it otherwise', async () => {
    const proofs = new WaitingProofs(store, new FixedClock(noon));
    for (const text of ['{}', '{"address":"a@b.example"}', '[]', 'null', '"x"']) {
      await store.put(ephemeralKey('proof', 'h'), Buffer.from(text), 60);
      expect(await proofs.peek('h')).toBeNull();
    }
  });

  it('is one subject for one account, and another for every other', () => {
    const subjects = [
      proof,
      { ...proof, subject: 'other' },
      { ...proof, issuer: `${proof.issuer}\0`, subject: proof.subject },
      { ...proof, issuer: `${proof.issuer}/` },
    ].map(subjectOf);
    expect(new Set(subjects).size).toBe(4);
    expect(subjectOf({ ...proof, address: proofOf('berta').address })).toBe(subjects[0]);
    expect(subjects[0]).toMatch(/^[\w-]{43}$/);
  });

  it('names the challenge, which names events of the record, to the portal alone', () => {
    const byCode = proofOf('staff', { challengeId: 'x' as never });
    expect(claimsOf(byCode, 'portal')).toMatchObject({ segl_proof: { challenge_id: 'x' } });
    expect(JSON.stringify(claimsOf(byCode, 'application'))).not.toContain('challenge_id');
  });

  it('names roles to a console alone, and never those of a passcode', () => {
    const account = proofOf('staff', { method: 'organisation', roles: ['auditor'] });
    expect(claimsOf(account, 'console')).toMatchObject({ roles: ['auditor'] });
    expect(claimsOf(account, 'portal')).not.toHaveProperty('roles');
    expect(claimsOf({ ...account, method: 'passcode' }, 'console')).not.toHaveProperty('roles');
  });
});

describe('signatures of cookies', () => {
  const [older, newer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

  it('are made with the newest key and taken of all', () => {
    let keys = [older];
    const signatures = new CookieSignatures(() => keys);
    const signed = signatures.sign('a=b');
    expect(signatures.index('a=b', signed)).toBe(0);
    keys = [newer, older];
    expect(signatures.sign('a=b')).not.toBe(signed);
    expect(signatures.index('a=b', signed)).toBe(0);
    keys = [newer];
    expect(signatures.index('a=b', signed)).toBe(-1);
    keys = [];
    expect(signatures.verify('a=b', signed)).toBe(false);
    expect(() => signatures.sign('a=b')).toThrow(TypeError);
  });

  it('are of the very cookie', () => {
    const signatures = new CookieSignatures(() => [older]);
    const signed = signatures.sign('a=b');
    for (const [data, signature] of [
      ['a=c', signed],
      ['b=b', signed],
      ['a=b', ''],
      ['a=b', signed.slice(1)],
      ['a=b', `${signed.slice(0, -2)}AA`],
    ] as const) {
      expect(signatures.verify(data, signature)).toBe(false);
    }
  });
});
