import type { ReaderIdentity, SignInMethod } from '#libs/oidc-bridge';
import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { SignInRefused } from './sign-in-refused.ts';

/** An address, and who vouched for it how. */
export interface ProvenAddress {
  readonly address: MailAddress;
  readonly method: SignInMethod;
  readonly issuer: string;
  readonly subject: string;
  /** The challenge by a code, where our own bridge says it. */
  readonly challengeId?: string;
  /** Who somebody at a shared mailbox is, where the organisation asks for it. */
  readonly reader?: ReaderIdentity;
}

const METHODS: readonly string[] = ['microsoft', 'google', 'organisation', 'passcode'] satisfies SignInMethod[];

/** The proof in an ID token of our own bridge. @throws SignInRefused when a claim is missing or of another shape */
export function proofIn(claims: Readonly<Record<string, unknown>>): ProvenAddress {
  const { email, email_verified: isVerified, segl_proof: proof, segl_reader: reader } = claims;
  const { method, issuer, subject, challenge_id: challengeId } = (proof ?? {}) as Record<string, unknown>;
  if (isVerified !== true || typeof email !== 'string') throw new SignInRefused('address-unverified');
  if (!isMethod(method) || typeof issuer !== 'string' || typeof subject !== 'string') {
    throw new SignInRefused('token-invalid');
  }
  const identity = readerIn(reader);
  return {
    ...{ address: canonical(email), method, issuer, subject },
    ...(typeof challengeId === 'string' && { challengeId }),
    ...(identity !== null && { reader: identity }),
  };
}

/** The bridge hands out canonical addresses; one that is not has been somewhere else. */
function canonical(email: string): MailAddress {
  try {
    const address = parseMailAddress(email);
    if (address === email) return address;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
  }
  throw new SignInRefused('token-invalid');
}

function isMethod(value: unknown): value is SignInMethod {
  return typeof value === 'string' && METHODS.includes(value);
}

function readerIn(value: unknown): ReaderIdentity | null {
  if (value === undefined) return null;
  const { kind, name, issuer, subject, address } = (value ?? {}) as Record<string, unknown>;
  if (kind === 'stated' && typeof name === 'string') return { kind, name };
  if (kind === 'account' && typeof issuer === 'string' && typeof subject === 'string') {
    const account = {
      kind,
      issuer,
      subject,
      address: typeof address === 'string' ? canonical(address) : null,
    } as const;
    return typeof name === 'string' ? { ...account, name } : account;
  }
  throw new SignInRefused('token-invalid');
}
