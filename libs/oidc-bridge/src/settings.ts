import type { KeyObject } from 'node:crypto';
import type { IdTokenAlgorithm } from './provider/signing-keys.ts';
import type { Upstream } from './upstreams/upstream.ts';

/** Scopes that programs may be given (client credentials). */
export const PROGRAM_SCOPES = ['messages:seal', 'messages:revoke', 'audit:read', 'audit:export'] as const;
export type ProgramScope = (typeof PROGRAM_SCOPES)[number];

interface AnyClient {
  /** a–z, 0–9, hyphen; 63 characters at most. Stands in events. */
  readonly clientId: string;
  /** Shown to readers on the sign-in page. */
  readonly name: string;
  /** Public keys by which it proves itself (private_key_jwt, RFC 7523): ES256, EdDSA or RS256 of 2048 bits and more. */
  readonly publicKeys: readonly KeyObject[];
}

/** A client of people: an application of the organisation, or its compliance console. */
export interface SignInClient extends AnyClient {
  readonly kind: 'application' | 'console';
  /** Compared exactly. */
  readonly redirectUris: readonly string[];
  /** What its ID tokens are signed with; default ES256. RS256 needs a key `oidc-rsa` in the keyring. */
  readonly idTokenAlgorithm?: IdTokenAlgorithm;
  /** Passcodes to addresses of the client's own choosing in an hour, all together. Never spends what sealed messages have. */
  readonly passcodesPerHour: number;
}

/** A program, signing in as itself. */
export interface ProgramClient extends AnyClient {
  readonly kind: 'program';
  readonly scopes: readonly ProgramScope[];
}

export type BridgeClient = SignInClient | ProgramClient;

/**
 * Which accounts say who somebody at a shared mailbox is: one that proves an address of its own, the mailbox's own account (which
 * several may use), or any, be it by an opaque id alone.
 */
export const NAMING_ACCOUNTS = ['account-with-address', 'mailbox-account', 'any-account'] as const;
export type NamingAccount = (typeof NAMING_ACCOUNTS)[number];
/** An opaque id says nothing to whoever reads the record. */
export const NAMED_BY_DEFAULT: readonly NamingAccount[] = ['account-with-address', 'mailbox-account'];

/** What is asked of whoever proved a shared mailbox, by a passcode or by an account that does not say who they are. */
export interface SharedMailboxRule {
  /** An address, or every address of a domain as `@example.com`. */
  readonly mailboxes: readonly string[];
  /** `state`: their name, in their own words. `account`: a sign-in with one of the accounts configured. */
  readonly reader: 'state' | 'account';
  /** Accounts that do, NAMED_BY_DEFAULT by default: of any other, the name is asked for as well. */
  readonly namedBy?: readonly NamingAccount[];
}

/** What the app decides for this room. The class is its own injection token. */
export class OidcBridgeSettings {
  /** `SEGL_PUBLIC_URL`; the issuer is `<publicUrl>/oidc`. */
  readonly publicUrl!: URL;
  /** The organisation's name, for its pages. */
  readonly organisation!: string;
  /** Where the portal takes the answer: `<publicUrl>/authenticate`. */
  readonly portalRedirectUri!: string;
  /** Where our own console takes the answer. Absent: there is none. */
  readonly consoleRedirectUri?: string;
  readonly clients!: readonly BridgeClient[];
  readonly upstreams!: readonly Upstream[];
  readonly sharedMailboxes!: readonly SharedMailboxRule[];
  /** Addresses (or `@domain`) to which no passcode may be sent: role addresses whose mail others see (threats.md A16). */
  readonly noPasscodeFor!: readonly string[];
  /** Whether X-Forwarded-* was already made good by web-ui; the provider itself trusts none of it. */
  readonly demonstration!: boolean;
}
