import { randomBytes } from 'node:crypto';
import { isFlag, isText, oneOf, recordOf, Tickets } from '#libs/ephemeral-store';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { base64url, parsePersonId } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import type { ChallengeId } from './passcode-events.ts';

/** That the person at a browser could, at that time, read the mail of an address. Good once, in that browser. */
export interface AddressProof {
  readonly address: MailAddress;
  readonly personId: PersonId;
  readonly method: 'passcode';
  readonly provenAt: Instant;
  /** The browser that proved it (web-ui `Browser.id`): compared when the proof is taken. */
  readonly browserId: string;
  /** The journey it was made for: compared likewise. */
  readonly returnTo: string;
  readonly challengeId: ChallengeId;
  /** Whether it was a code of 80 bits rather than of 8 digits. */
  readonly longCode: boolean;
}

/** 2 minutes: the browser comes for it with its next request. */
export const PROOF_TTL_SECONDS = 120;

/** Leaves a proof to be taken. @returns its id: 128 random bits, which go into the address of the next step */
export async function leaveAddressProof(store: EphemeralStore, proof: AddressProof): Promise<string> {
  return ticketsIn(store).issue(ownerName(proof), proof, base64url(randomBytes(16)));
}

/** Who may take a proof: the browser that proved it, for the journey that it was proven for. */
export type ProofOwner = Pick<AddressProof, 'browserId' | 'returnTo'>;

export type TakenProof =
  | { readonly status: 'taken'; readonly proof: AddressProof }
  /** Somebody else's, and theirs it stays. `isFirstTime`: true for one caller at most. */
  | { readonly status: 'elsewhere'; readonly proof: AddressProof; readonly isFirstTime: boolean };

/**
 * The proof, once, and bound before it is spent: another browser that brings it takes nothing from its owner.
 * @returns null for every later caller, for what is no proof id, and when two minutes are over
 */
export async function takeAddressProof(
  store: EphemeralStore,
  proofId: string,
  owner: ProofOwner,
): Promise<TakenProof | null> {
  const tickets = ticketsIn(store);
  const proof = await tickets.take(proofId, ownerName(owner));
  if (proof !== null) return { status: 'taken', proof };
  const elsewhere = await tickets.noteElsewhere(proofId);
  if (elsewhere === null) return null;
  return { status: 'elsewhere', proof: elsewhere.value, isFirstTime: elsewhere.isFirstTime };
}

function ticketsIn(store: EphemeralStore): Tickets<AddressProof> {
  return new Tickets(store, { kind: 'address-proof', ttlSeconds: PROOF_TTL_SECONDS, parse: parseProof });
}

function ownerName({ browserId, returnTo }: ProofOwner): string {
  return `${browserId}\0${returnTo}`;
}

const parseProof = recordOf<AddressProof>({
  ...{ address: isText, method: oneOf('passcode'), provenAt: isText, browserId: isText, returnTo: isText },
  ...{ challengeId: isText, longCode: isFlag },
  personId: (value) => typeof value === 'string' && parsePersonId(value) !== null,
});
