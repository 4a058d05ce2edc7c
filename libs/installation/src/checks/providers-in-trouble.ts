import type { troublesOf } from '#libs/oidc-bridge';
import { DomainError } from '#libs/vocabulary';

/** Providers of accounts that could not be used when they were last asked, one fault for each. */
export class ProvidersInTrouble extends DomainError {
  readonly faults: readonly string[];

  constructor(troubles: ReturnType<typeof troublesOf>) {
    const faults = troubles.map(({ name, upstream, since, cause }) => `${name} (${upstream}) since ${since}: ${cause}`);
    super('providers-in-trouble', faults.join('; '));
    this.faults = faults;
  }
}
