/**
 * A broken rule, with a stable code that one filter maps to a status and a safe text (apps/appliance). The message is for
 * operators and tests: it never reaches a reader and never holds content, codes, keys or addresses.
 */
export class DomainError extends Error {
  readonly code: string;

  /** @param code kebab-case and stable: others match on it. */
  constructor(code: string, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
