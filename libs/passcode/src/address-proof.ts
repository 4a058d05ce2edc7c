import { createHash, randomBytes } from 'node:crypto';
import { putJson, takeJson } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { base64url, parsePersonId } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';

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
  /** Whether it was a code of 80 bits rather than of 8 digits. */
  readonly longCode: boolean;
}

/** 2 minutes: the browser comes for it with its next request. */
export const PROOF_TTL_SECONDS = 120;

/** Leaves a proof to be taken. @returns its id: 128 random bits, which go into the address of the next step */
export async function leaveAddressProof(store: EphemeralStore, proof: AddressProof): Promise<string> {
  const proofId = base64url(randomBytes(16));
  await putJson(store, keyOf(proofId), proof, PROOF_TTL_SECONDS);
  return proofId;
}

/** The proof, once: null for every later caller, for what is no proof id, and when two minutes are over. */
export async function takeAddressProof(store: EphemeralStore, proofId: string): Promise<AddressProof | null> {
  return /^[A-Za-z0-9_-]{22}$/.test(proofId) ? takeJson(store, keyOf(proofId), parseProof) : null;
}

/** A digest: who reads the keys of the store cannot take a proof with them. */
function keyOf(proofId: string): EphemeralKey {
  return `address-proof:${createHash('sha256').update(proofId).digest('base64url')}`;
}

function parseProof(json: unknown): AddressProof | null {
  const proof = (json ?? {}) as AddressProof;
  const isProof =
    proof.method === 'passcode' &&
    [proof.address, proof.provenAt, proof.browserId, proof.returnTo].every((text) => typeof text === 'string') &&
    typeof proof.personId === 'string' &&
    parsePersonId(proof.personId) !== null &&
    typeof proof.longCode === 'boolean';
  return isProof ? proof : null;
}
