import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { base64url } from './encodings.ts';

/** SHA-256, base64url: what lies in a store instead of a secret or a name, so that its keys are of no use to anybody. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** In constant time. */
export function isSameDigest(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** 256 random bits, base64url: names what waits for somebody and cannot be guessed. */
export function newSecret(): string {
  return base64url(randomBytes(32));
}
