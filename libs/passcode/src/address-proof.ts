import { createHash, randomBytes } from 'node:crypto';
import { changeJson, putJson } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { base64url, parsePersonId } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import type { ChallengeId } from './passcode-events.ts';

/** That whoever sat at a browser could, at that time, read the mail of an address. Good once, in that browser. */
export interface AddressProof {
  readonly address: MailAddress;
  readonly personId: PersonId;
  readonly method: 'passcode';
  readonly provenAt: Instant;
  /** The browser that proved it (web-ui `Browser.id`): whoever takes the proof compares. */
  readonly browserId: string;
  /** The journey it was made for: compared likewise. */
  readonly returnTo: string;
  readonly challengeId: ChallengeId;
  /** Whether it was a code of 80 bits rather than of 8 digits. */
  readonly longCode: boolean;
  /** Whether it was brought by another browser, or for another journey, which is told once. */
  readonly wasSeenElsewhere?: boolean;
}

/** 2 minutes: the browser comes for it with its next request. */
export const PROOF_TTL_SECONDS = 120;

/** Leaves a proof to be taken. @returns its id: 128 random bits, which go into the address of the next step */
export async function leaveAddressProof(store: EphemeralStore, proof: AddressProof): Promise<string> {
  const proofId = base64url(randomBytes(16));
  await putJson(store, keyOf(proofId), proof, PROOF_TTL_SECONDS);
  return proofId;
}

/** Who may take a proof: the browser that proved it, for the journey that it was proven for. */
export type ProofOwner = Pick<AddressProof, 'browserId' | 'returnTo'>;

export type TakenProof =
  | { readonly status: 'taken'; readonly proof: AddressProof }
  /** Somebody else's, and theirs it stays. `isFirstTime`: true for one caller at most. */
  | { readonly status: 'elsewhere'; readonly proof: AddressProof; readonly isFirstTime: boolean };

/**
 * The proof, once, and bound before it is spent: whoever else brings it takes nothing from its owner.
 * @returns null for every later caller, for what is no proof id, and when two minutes are over
 */
export async function takeAddressProof(
  store: EphemeralStore,
  proofId: string,
  owner: ProofOwner,
): Promise<TakenProof | null> {
  if (!/^[A-Za-z0-9_-]{22}$/.test(proofId)) return null;
  let found: TakenProof | null = null;
  await changeJson(store, keyOf(proofId), parseProof, (proof) => {
    found = null;
    if (proof === null) return 'leave';
    if (proof.browserId === owner.browserId && proof.returnTo === owner.returnTo) {
      found = { status: 'taken', proof };
      return 'remove';
    }
    found = { status: 'elsewhere', proof, isFirstTime: proof.wasSeenElsewhere !== true };
    return proof.wasSeenElsewhere === true
      ? 'leave'
      : { value: { ...proof, wasSeenElsewhere: true }, ttlSeconds: PROOF_TTL_SECONDS };
  });
  return found;
}

/** A digest: who reads the keys of the store cannot take a proof with them. */
function keyOf(proofId: string): EphemeralKey {
  return `address-proof:${createHash('sha256').update(proofId).digest('base64url')}`;
}

function parseProof(json: unknown): AddressProof | null {
  const proof = (json ?? {}) as AddressProof;
  const isProof =
    proof.method === 'passcode' &&
    [proof.address, proof.provenAt, proof.browserId, proof.returnTo, proof.challengeId].every(
      (text) => typeof text === 'string',
    ) &&
    typeof proof.personId === 'string' &&
    parsePersonId(proof.personId) !== null &&
    typeof proof.longCode === 'boolean';
  return isProof ? proof : null;
}
