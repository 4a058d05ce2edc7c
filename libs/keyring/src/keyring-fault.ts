import { DomainError } from '#libs/vocabulary';

/** The keyring cannot be used as it is. `faults` has every reason, each one line that says what to do. Never holds key material. */
export class KeyringFault extends DomainError {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super('keyring-fault', faults.join('\n'));
    this.faults = faults;
  }
}
