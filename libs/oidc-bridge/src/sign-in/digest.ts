import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { base64url } from '#libs/vocabulary';

/** SHA-256, base64url: what lies in the store instead of a secret, so that whoever reads its keys can do nothing with them. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** In constant time. */
export function isSameDigest(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** 256 random bits, base64url. */
export function newSecret(): string {
  return base64url(randomBytes(32));
}

/** Whether a text can be one of those. */
export function isSecret(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text);
}
