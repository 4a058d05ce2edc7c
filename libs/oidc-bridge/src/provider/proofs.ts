import { getJson, putJson, takeJson } from '#libs/ephemeral-store';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { digestOf, DomainError, newSecret, secondsBetween } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { parseBridgeProof } from '../proof.ts';
import type { BridgeProof } from '../proof.ts';
import { ephemeralKey } from './ephemeral-names.ts';
import { CLOCK_TOLERANCE_SECONDS, LIFETIME_SECONDS } from './lifetimes.ts';

/** Names a proof on its way to a client. Secret, good once. */
export type ProofHandle = string;

/** Proven too long ago, or in the future, to be handed to a client. */
export class ProofTooOld extends DomainError {
  constructor() {
    super('proof-too-old', `a proof is handed on within ${LIFETIME_SECONDS.proof} s`);
  }
}

/** A passcode proves an address and gives no role: it never signs anybody in to the console. */
export class ProofNotForConsole extends DomainError {
  constructor() {
    super('proof-not-for-console', 'a passcode never serves a console client');
  }
}

/** Proofs between the sign-in page and the token endpoint: handed over once, within ten minutes of being made. */
export class WaitingProofs {
  constructor(
    private readonly store: EphemeralStore,
    private readonly clock: Clock,
  ) {}

  /**
   * The process that proved it may be another one, whose clock goes a little before or after ours.
   * @throws ProofTooOld
   */
  async add(proof: BridgeProof): Promise<ProofHandle> {
    const age = secondsBetween(proof.provenAt, this.clock.now());
    const secondsLeft = LIFETIME_SECONDS.proof - age;
    if (!(age >= -CLOCK_TOLERANCE_SECONDS && secondsLeft > -CLOCK_TOLERANCE_SECONDS)) throw new ProofTooOld();
    const handle = newSecret();
    // What another clock calls a little too old is still handed on, at once.
    const ttlSeconds = secondsLeft > 0 ? Math.min(secondsLeft, LIFETIME_SECONDS.proof) : CLOCK_TOLERANCE_SECONDS;
    await putJson(this.store, ephemeralKey('proof', handle), proof, ttlSeconds);
    return handle;
  }

  /** Null when there is none (any more). */
  peek(handle: ProofHandle): Promise<BridgeProof | null> {
    return getJson(this.store, ephemeralKey('proof', handle), parseBridgeProof);
  }

  /** Of any number of callers at once, one gets it. */
  take(handle: ProofHandle): Promise<BridgeProof | null> {
    return takeJson(this.store, ephemeralKey('proof', handle), parseBridgeProof);
  }
}

/** The `sub` that clients know somebody by: the same account is the same subject, and says nothing by itself. */
export function subjectOf({ issuer, subject }: BridgeProof): string {
  return digestOf(`${issuer}\0${subject}`);
}

/** RFC 8176 §2 has no word for a sign-in at another provider: `fed` is what Microsoft and others say. */
export function methodsOf({ method }: BridgeProof): string[] {
  return [method === 'passcode' ? 'otp' : 'fed'];
}

/** What an ID token says beside the claims that every one has. */
export function claimsOf(
  proof: BridgeProof,
  clientKind: 'portal' | 'application' | 'console',
): Record<string, unknown> {
  const { address, method, issuer, subject, provenAt, reader, longCode, challengeId, roles } = proof;
  return {
    email: address,
    email_verified: true,
    segl_proof: {
      method,
      issuer,
      subject,
      proven_at: provenAt,
      ...(longCode === undefined ? {} : { long_code: longCode }),
      ...(challengeId !== undefined && clientKind === 'portal' && { challenge_id: challengeId }),
    },
    ...(reader === undefined ? {} : { segl_reader: reader }),
    ...(clientKind === 'console' && method !== 'passcode' ? { roles: [...roles] } : {}),
  };
}
