/**
 * Where reading an age file came to its end, in the words of the CCTV vectors. `header`: not what the grammar or the profile
 * allows; `no-match`: no stanza is for this identity; `hmac`: the header was altered; `payload`: a chunk is altered, missing
 * or too many; `armor`: the ASCII wrapping is not strict.
 */
export type AgeFaultKind = 'armor' | 'header' | 'no-match' | 'hmac' | 'payload';

/** An age file that cannot be read. The message says where it broke, never what was in it. */
export class AgeFault extends Error {
  readonly kind: AgeFaultKind;

  constructor(kind: AgeFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgeFault';
    this.kind = kind;
  }
}
