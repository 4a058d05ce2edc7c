import { randomBytes, timingSafeEqual } from 'node:crypto';
import { argon2id, hash } from 'argon2';
import { getJson, isText, putJson, recordOf } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { base64url } from '#libs/vocabulary';
import type { HashingTurns } from './hashing-turns.ts';
import type { OneTimeCode } from './one-time-code.ts';
import { MAX_CODES_AT_ONCE, OTP_TTL_SECONDS } from './passcode.ts';
import type { ChallengeId } from './passcode.ts';

/** argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage. About 35 ms. What really guards a code is its end. */
const ARGON2 = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, hashLength: 32, raw: true } as const;
const SALT_BYTES = 16;
const PEPPER_BYTES = 32;
/** An hour after the last code was made: longer than any code lives. */
const PEPPER_TTL_SECONDS = 3600;
const PEPPER: EphemeralKey = 'passcode-pepper:current';

/** As it lies in the store; salt and digest in base64url. */
interface IssuedOtp {
  readonly salt: string;
  readonly digest: string;
}

/**
 * The digests of codes that may still be entered, each by itself, in the ephemeral store for as long as they are good (by its
 * monotonic clock, whatever the wall clock does). All of a challenge are made with one salt, so that a guess is hashed once. The
 * pepper is random and lives there too, nowhere else: when the store is gone, so is every code.
 */
export class IssuedOtps {
  constructor(
    private readonly store: EphemeralStore,
    private readonly turns: HashingTurns,
  ) {}

  /** Keeps the digest of a code, and leaves the code to the caller. @throws PasscodeBusy */
  async keep(challengeId: ChallengeId, codeNumber: number, code: OneTimeCode): Promise<void> {
    const salt = await this.saltOf(challengeId);
    const digest = await this.digest(challengeId, code, salt, await this.pepper());
    const issued: IssuedOtp = { salt: base64url(salt), digest: base64url(digest) };
    await putJson(this.store, keyOf(challengeId, codeNumber), issued, OTP_TTL_SECONDS);
  }

  /** Which of those codes this is; null when it is none, or that one is no more. @throws PasscodeBusy */
  async matching(challengeId: ChallengeId, codeNumbers: readonly number[], code: OneTimeCode): Promise<number | null> {
    const pepper = await this.store.get(PEPPER);
    if (pepper === null) return null;
    const digests = new Map<string, Buffer>();
    for (const codeNumber of codeNumbers) {
      const issued = await getJson(this.store, keyOf(challengeId, codeNumber), parseIssued);
      if (issued === null) continue;
      const { salt } = issued;
      const digest =
        digests.get(salt) ?? (await this.digest(challengeId, code, Buffer.from(salt, 'base64url'), pepper));
      digests.set(salt, digest);
      const expected = Buffer.from(issued.digest, 'base64url');
      if (digest.length === expected.length && timingSafeEqual(digest, expected)) return codeNumber;
    }
    return null;
  }

  /** @param newest number of the newest code of the challenge */
  async forget(challengeId: ChallengeId, newest: number): Promise<void> {
    for (let number = newest; number > newest - MAX_CODES_AT_ONCE && number > 0; number--) {
      await this.store.delete(keyOf(challengeId, number));
    }
  }

  private async saltOf(challengeId: ChallengeId): Promise<Buffer> {
    const key: EphemeralKey = `otp-salt:${challengeId}`;
    const made = randomBytes(SALT_BYTES);
    for (;;) {
      if (await this.store.putIfAbsent(key, made, PEPPER_TTL_SECONDS)) return made;
      const salt = await this.store.get(key);
      if (salt !== null) return Buffer.from(salt);
    }
  }

  private digest(challengeId: ChallengeId, code: OneTimeCode, salt: Buffer, pepper: Uint8Array): Promise<Buffer> {
    const options = { ...ARGON2, salt, secret: Buffer.from(pepper), associatedData: Buffer.from(challengeId) };
    // The library puts what it is given through Buffer.from: a string or a Buffer is copied and left behind, an ArrayBuffer is not. The copy
    // that it hashes it wipes itself (ARGON2_FLAG_CLEAR_PASSWORD).
    return this.turns.take(() => hash(code.buffer as unknown as Buffer, options));
  }

  private async pepper(): Promise<Uint8Array> {
    for (;;) {
      const pepper = await this.store.get(PEPPER);
      if (pepper !== null && (await this.store.extend(PEPPER, PEPPER_TTL_SECONDS))) return pepper;
      await this.store.putIfAbsent(PEPPER, randomBytes(PEPPER_BYTES), PEPPER_TTL_SECONDS);
    }
  }
}

function keyOf(challengeId: ChallengeId, codeNumber: number): EphemeralKey {
  return `otp:${challengeId}.${codeNumber}`;
}

const parseIssued = recordOf<IssuedOtp>({ salt: isText, digest: isText });
