import { inspect } from 'node:util';

/**
 * What holds keys or plaintext extends this, so that a log, an error report or JSON shows its name and no more. The keyword
 * `private` hides a member from other code and from nothing else.
 */
export abstract class Unprintable {
  toJSON(): string {
    return `[${this.constructor.name}]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}
