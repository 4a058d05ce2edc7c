import { randomBytes, timingSafeEqual } from 'node:crypto';
import { argon2id, hash } from 'argon2';
import { changeJson, getJson } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { base64url } from '#libs/vocabulary';
import type { HashingTurns } from './hashing-turns.ts';
import type { OneTimeCode } from './one-time-code.ts';
import { OTP_TTL_SECONDS } from './passcode.ts';
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
  readonly codeNumber: number;
  readonly salt: string;
  readonly digest: string;
}

/**
 * The digests of codes that may still be entered, one for each challenge, in the ephemeral store for as long as they are good
 * (by its monotonic clock, whatever the wall clock does). The pepper is random and lives there too, nowhere else: when the
 * store is gone, so is every code.
 */
export class IssuedOtps {
  constructor(
    private readonly store: EphemeralStore,
    private readonly turns: HashingTurns,
  ) {}

  /** Keeps the digest of a code unless a newer one of the challenge is there. @throws PasscodeBusy */
  async keep(challengeId: ChallengeId, codeNumber: number, code: OneTimeCode): Promise<void> {
    const salt = randomBytes(SALT_BYTES);
    const digest = await this.digest(challengeId, code, salt, await this.pepper());
    await changeJson(this.store, keyOf(challengeId), parseIssued, (current) =>
      current !== null && current.codeNumber > codeNumber
        ? 'leave'
        : { value: { codeNumber, salt: base64url(salt), digest: base64url(digest) }, ttlSeconds: OTP_TTL_SECONDS },
    );
  }

  /** Whether this is the code with that number; false too when it has expired or a newer one is there. @throws PasscodeBusy */
  async matches(challengeId: ChallengeId, codeNumber: number, code: OneTimeCode): Promise<boolean> {
    const issued = await getJson(this.store, keyOf(challengeId), parseIssued);
    const pepper = await this.store.get(PEPPER);
    if (issued === null || issued.codeNumber !== codeNumber || pepper === null) return false;
    const digest = await this.digest(challengeId, code, Buffer.from(issued.salt, 'base64url'), pepper);
    const expected = Buffer.from(issued.digest, 'base64url');
    return digest.length === expected.length && timingSafeEqual(digest, expected);
  }

  /** Whether there is a code that could still be entered. */
  async isWaiting(challengeId: ChallengeId): Promise<boolean> {
    return (await getJson(this.store, keyOf(challengeId), parseIssued)) !== null;
  }

  async forget(challengeId: ChallengeId): Promise<void> {
    await this.store.delete(keyOf(challengeId));
  }

  private digest(challengeId: ChallengeId, code: OneTimeCode, salt: Buffer, pepper: Uint8Array): Promise<Buffer> {
    const options = { ...ARGON2, salt, secret: Buffer.from(pepper), associatedData: Buffer.from(challengeId) };
    return this.turns.take(() => hash(code, options));
  }

  private async pepper(): Promise<Uint8Array> {
    for (;;) {
      const pepper = await this.store.get(PEPPER);
      if (pepper !== null && (await this.store.extend(PEPPER, PEPPER_TTL_SECONDS))) return pepper;
      await this.store.putIfAbsent(PEPPER, randomBytes(PEPPER_BYTES), PEPPER_TTL_SECONDS);
    }
  }
}

function keyOf(challengeId: ChallengeId): EphemeralKey {
  return `otp:${challengeId}`;
}

function parseIssued(json: unknown): IssuedOtp | null {
  const { codeNumber, salt, digest } = (json ?? {}) as { [Field in keyof IssuedOtp]?: unknown };
  const isIssued = typeof codeNumber === 'number' && typeof salt === 'string' && typeof digest === 'string';
  return isIssued ? { codeNumber, salt, digest } : null;
}
