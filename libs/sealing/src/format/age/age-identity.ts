import type { Stanza } from './header.ts';

/** What can unwrap a file key. */
export interface AgeIdentity {
  /**
   * Stanzas of other types are passed over.
   *
   * @returns null when none of the stanzas is for this identity
   * @throws AgeFault `header` when a stanza of its type is malformed
   */
  unwrapFileKey(stanzas: readonly Stanza[]): Buffer | null;
}
