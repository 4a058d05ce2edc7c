import { argon2Sync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { HashingTurns } from './hashing-turns.ts';
import { IssuedOtps } from './issued-otps.ts';
import { codeOf } from './testing/index.ts';
import { newChallengeId } from './passcode.ts';

const code = codeOf('12345678');
const wrong = codeOf('12345679');

describe('the digests of issued codes', () => {
  let milliseconds: number;
  let store: MemoryEphemeralStore;
  let otps: IssuedOtps;

  beforeEach(() => {
    milliseconds = 0;
    store = new MemoryEphemeralStore({ maxBytes: 1e6, clock: () => milliseconds });
    otps = new IssuedOtps(store, new HashingTurns());
  });
  afterEach(() => store.close());

  it('tell the right code from a wrong one', async () => {
    const challengeId = newChallengeId();
    await otps.keep(challengeId, 1, code);
    expect(await otps.matching(challengeId, [1], code)).toBe(1);
    expect(await otps.matching(challengeId, [1], wrong)).toBeNull();
    expect(await otps.matching(challengeId, [2], code)).toBeNull();
    expect(await otps.matching(newChallengeId(), [1], code)).toBeNull();
  });

  it('are argon2id of 19 MiB, 2 passes, 1 lane, with the pepper and bound to the challenge, as another implementation makes them', async () => {
    const challengeId = newChallengeId();
    await otps.keep(challengeId, 1, code);
    const record = JSON.parse(Buffer.from((await store.get(`otp:${challengeId}.1`)) ?? []).toString()) as {
      salt: string;
      digest: string;
    };
    const nonce = Buffer.from(record.salt, 'base64url');
    expect(nonce).toHaveLength(16);
    const digest = argon2Sync('argon2id', {
      message: code,
      nonce,
      parallelism: 1,
      tagLength: 32,
      memory: 19_456,
      passes: 2,
      secret: Buffer.from((await store.get('passcode-pepper:current')) ?? []),
      associatedData: Buffer.from(challengeId),
    });
    expect(record.digest).toBe(digest.toString('base64url'));
  });

  it('are salted: the same code twice is not seen to be the same', async () => {
    const [one, other] = [newChallengeId(), newChallengeId()];
    await otps.keep(one, 1, code);
    await otps.keep(other, 1, code);
    expect(await store.get(`otp:${one}.1`)).not.toEqual(await store.get(`otp:${other}.1`));
  });

  it('go after 10 minutes by a clock that nobody sets', async () => {
    const challengeId = newChallengeId();
    await otps.keep(challengeId, 1, code);
    milliseconds = 599_000;
    expect(await otps.matching(challengeId, [1], code)).toBe(1);
    milliseconds = 600_000;
    expect(await otps.matching(challengeId, [1], code)).toBeNull();
  });

  it('go with the pepper, which outlives the last code and not much more', async () => {
    const challengeId = newChallengeId();
    await otps.keep(challengeId, 1, code);
    const pepper = await store.get('passcode-pepper:current');
    expect(pepper).toHaveLength(32);
    milliseconds = 3_599_000;
    await otps.keep(challengeId, 2, code);
    expect(await store.get('passcode-pepper:current')).toEqual(pepper);
    await store.delete('passcode-pepper:current');
    expect(await otps.matching(challengeId, [2], code)).toBeNull();
    milliseconds += 3_600_001;
    await otps.keep(challengeId, 3, code);
    expect(await store.get('passcode-pepper:current')).not.toEqual(pepper);
  });

  it('tell which of several codes of a challenge it is, each for its own ten minutes, with one hash', async () => {
    const challengeId = newChallengeId();
    await otps.keep(challengeId, 1, code);
    milliseconds = 300_000;
    await otps.keep(challengeId, 2, wrong);
    expect(await otps.matching(challengeId, [2, 1], code)).toBe(1);
    expect(await otps.matching(challengeId, [2, 1], wrong)).toBe(2);
    const saltOf = async (number: number) =>
      (JSON.parse(Buffer.from((await store.get(`otp:${challengeId}.${number}`)) ?? []).toString()) as { salt: string })
        .salt;
    expect(await saltOf(1)).toBe(await saltOf(2));
    milliseconds = 600_000;
    expect(await otps.matching(challengeId, [2, 1], code)).toBeNull();
    expect(await otps.matching(challengeId, [2, 1], wrong)).toBe(2);
    await otps.forget(challengeId, 2);
    expect(await otps.matching(challengeId, [2, 1], wrong)).toBeNull();
  });
});
