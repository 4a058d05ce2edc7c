import { ConfigurationFault } from '#libs/installation';
import { DomainError } from '#libs/vocabulary';

/** How `segl` ends, by the numbers of sysexits.h. `segl --help` prints this table; scripts rely on it. */
export const EXIT = {
  ok: 0,
  refused: 1,
  usage: 64,
  badInput: 65,
  unavailable: 69,
  tryLater: 75,
  configuration: 78,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_TABLE = `Exit codes:
  0   done
  1   refused, or failed for a reason that is said
  64  the command line is wrong
  65  the input is not what it must be (no carrier, altered, too large, no address, no clear From)
  69  a store, the keyring's directory or a server cannot be reached
  75  busy: the same again later
  78  the configuration or the keyring is wrong`;

/** The command line itself is wrong. */
export class UsageFault extends DomainError {
  constructor(message: string) {
    super('usage', message);
  }
}

/** What the command was asked to do is not done, for a reason that is said. */
export class Refused extends DomainError {
  constructor(message: string) {
    super('refused', message);
  }
}

/** The input is not what it must be. */
export class BadInput extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('bad-input', message, options);
  }
}

/** Something that the command needs is not there or does not answer. */
export class Unavailable extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('unavailable', message, options);
  }
}

/** Configuration or keyring are wrong; the faults were said one by one. */
export class Misconfigured extends DomainError {
  constructor(message: string) {
    super('misconfigured', message);
  }
}

const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = {
  usage: EXIT.usage,
  'address-refused': EXIT.badInput,
  'bad-backup': EXIT.badInput,
  'bad-input': EXIT.badInput,
  'from-unclear': EXIT.badInput,
  'mail-too-large': EXIT.badInput,
  'not-a-carrier': EXIT.badInput,
  'not-sealed-mail': EXIT.badInput,
  'seal-broken': EXIT.badInput,
  'bad-audit-query': EXIT.usage,
  'bad-mandate': EXIT.usage,
  unavailable: EXIT.unavailable,
  'event-store-unavailable': EXIT.unavailable,
  'person-directory-unavailable': EXIT.unavailable,
  'ephemeral-store-unavailable': EXIT.unavailable,
  'not-well-around': EXIT.unavailable,
  'retention-late': EXIT.unavailable,
  'canary-not-read': EXIT.unavailable,
  'providers-in-trouble': EXIT.unavailable,
  'relay-unavailable': EXIT.unavailable,
  'carriers-under-way': EXIT.tryLater,
  'outbox-unavailable': EXIT.unavailable,
  'too-much-contention': EXIT.tryLater,
  'source-being-written': EXIT.tryLater,
  'projections-behind': EXIT.tryLater,
  'key-destroyed-meanwhile': EXIT.tryLater,
  'keyring-changing': EXIT.tryLater,
  misconfigured: EXIT.configuration,
  'keyring-fault': EXIT.configuration,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigurationFault) return EXIT.configuration;
  return error instanceof DomainError ? (EXIT_OF_CODE[error.code] ?? EXIT.refused) : EXIT.refused;
}

/** One error in the words that stand on stderr: never a stack. */
export function sentenceOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' && message !== '' ? message : String(error);
}
