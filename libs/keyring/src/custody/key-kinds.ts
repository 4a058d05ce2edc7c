import type { KeyObject } from 'node:crypto';
import type { Instant } from '#libs/vocabulary';

/** Every kind of key there is, each separate from the others, so that a role can be given only its own (threats.md A45). */
export const KEY_KINDS = [
  'sealing',
  'manifest',
  'ledger',
  'oidc',
  'oidc-rsa',
  'cookies',
  'ephemeral',
  'person-wrapping',
  'person-index',
  'dkim-rsa',
  'dkim-eddsa',
  'bounces',
] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/**
 * Kinds that only some installations need: `ephemeral` encrypts what several processes share in Redis, `oidc-rsa` signs ID tokens
 * for applications that verify nothing but RS256, `dkim-rsa` and `dkim-eddsa` sign mail for a domain, `bounces` makes the addresses that
 * bounces of carriers go to. A keyring may be without them, older ones are, unless a role asks for one by name.
 */
export const OPTIONAL_KINDS: readonly KeyKind[] = ['ephemeral', 'oidc-rsa', 'dkim-rsa', 'dkim-eddsa', 'bounces'];

/** Kinds of which a key takes a moment to make: half a second for RSA. Tests and demonstrations leave them out. */
export const SLOW_KINDS: readonly KeyKind[] = ['oidc-rsa', 'dkim-rsa'];

/** Kinds whose public half has a file of its own, for roles that need no more than that. */
export const PUBLIC_HALVES = ['sealing.pub', 'manifest.pub', 'ledger.pub', 'oidc.pub'] as const;
export type PublicHalf = (typeof PUBLIC_HALVES)[number];

/** `<kind>-<version>`, versions from 1 and never used twice: `sealing-1`. */
export type KeyId = string;

export interface NamedKey {
  readonly keyId: KeyId;
  readonly kind: KeyKind;
  readonly version: number;
}

export type KeyForm = 'age' | 'ed25519' | 'p256' | 'rsa' | 'secret';

export const FORM_OF: Readonly<Record<KeyKind, KeyForm>> = {
  sealing: 'age',
  manifest: 'ed25519',
  ledger: 'ed25519',
  oidc: 'p256',
  'oidc-rsa': 'rsa',
  cookies: 'secret',
  ephemeral: 'secret',
  'person-wrapping': 'secret',
  'person-index': 'secret',
  'dkim-rsa': 'rsa',
  'dkim-eddsa': 'ed25519',
  bounces: 'secret',
};

export type KeyMaterial =
  | { readonly form: 'age'; readonly identity: string | null; readonly recipient: string }
  | { readonly form: 'ed25519'; readonly privateKey: KeyObject | null; readonly publicKey: KeyObject }
  | { readonly form: 'p256'; readonly privateKey: KeyObject | null; readonly publicKey: KeyObject }
  | { readonly form: 'rsa'; readonly privateKey: KeyObject | null; readonly publicKey: KeyObject }
  | { readonly form: 'secret'; readonly bytes: Buffer };

export interface LoadedKey extends NamedKey {
  readonly createdAt: Instant | null;
  readonly material: KeyMaterial;
}

const KEY_ID = /^([a-z]+(?:-[a-z]+)*)-([1-9]\d{0,5})$/;

/** @returns null for what cannot name a key of ours */
export function parseKeyId(text: string): NamedKey | null {
  const [, name, version] = KEY_ID.exec(text) ?? [];
  const kind = KEY_KINDS.find((candidate) => candidate === name);
  return kind === undefined ? null : { keyId: text, kind, version: Number(version) };
}

export function parseKeyKind(text: string): KeyKind | null {
  return KEY_KINDS.find((kind) => kind === text) ?? null;
}

export function keyIdOf(kind: KeyKind, version: number): KeyId {
  return `${kind}-${version}`;
}

export function hasPublicFile(kind: KeyKind): boolean {
  return (PUBLIC_HALVES as readonly string[]).includes(`${kind}.pub`);
}
