import type { Openability, ProofLack } from '#libs/sealing';

/** What is known when somebody asks for a message: from the record, the directory, the keyring, the store and the session. */
export interface AdmissionFacts {
  readonly openability: Openability;
  /** False once the recipient was erased from the directory. */
  readonly isRecipientKnown: boolean;
  /** False once the key of its epoch was destroyed. */
  readonly isKeyThere: boolean;
  /** In memory, or in the very request that brings it. */
  readonly isCiphertextHere: boolean;
  /** Whether this browser's session holds a proof of the recipient's address, as the person whom it was sealed for. */
  readonly hasProofOfRecipient: boolean;
  /** What the terms of the message ask for beside that, and the proof is not; null without a proof, too. */
  readonly proofLack: ProofLack | null;
}

/** Nothing that this browser does will change it. */
export type LastingRefusal = 'unknown-message' | 'revoked' | 'expired' | 'person-erased' | 'key-destroyed';

/** The address must be proven first, or in another way. */
export type ProofRefusal = 'not-proven' | ProofLack;

/** Why not. `not-waiting`: the attachment must be opened (again). */
export type Refusal = LastingRefusal | 'not-waiting' | ProofRefusal;

export type Admission = { readonly isAdmitted: true } | { readonly isAdmitted: false; readonly reason: Refusal };

/**
 * Whether this browser may have this message now, and why not: decided here for the upload, the journey, the view and the
 * downloads alike. The order is that of what lasts longest, so that a reader is asked for nothing that would help nobody.
 */
export function admission(facts: AdmissionFacts): Admission {
  const reason = refusalOf(facts);
  return reason === null ? { isAdmitted: true } : { isAdmitted: false, reason };
}

function refusalOf(facts: AdmissionFacts): Refusal | null {
  if (facts.openability === 'unknown') return 'unknown-message';
  if (facts.openability !== 'open') return facts.openability;
  if (!facts.isRecipientKnown) return 'person-erased';
  if (!facts.isKeyThere) return 'key-destroyed';
  if (!facts.isCiphertextHere) return 'not-waiting';
  if (!facts.hasProofOfRecipient) return 'not-proven';
  return facts.proofLack;
}

export function isAboutProof(reason: Refusal): reason is ProofRefusal {
  return reason === 'not-proven' || reason === 'account-required' || reason === 'reader-required';
}

/** The refusal that an upload meets: what is in its hands need not wait already, and who brings it proves later. */
export function lastingRefusal(decided: Admission): LastingRefusal | null {
  if (decided.isAdmitted || decided.reason === 'not-waiting' || isAboutProof(decided.reason)) return null;
  return decided.reason;
}
