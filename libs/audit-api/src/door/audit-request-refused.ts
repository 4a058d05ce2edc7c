import { DomainError } from '#libs/vocabulary';

/** A request that is wrong in itself, in words for programmers. */
export class AuditRequestRefused extends DomainError {
  constructor(
    readonly status: 400 | 404 | 409 | 413 | 415,
    /** Which parameter or member of the body; null when it is none of them. */
    readonly field: string | null,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('audit-request-refused', detail, options);
  }
}

/** So many answers of this kind are under way already. */
export class AuditApiBusy extends DomainError {
  constructor(what: string) {
    super('audit-api-busy', what);
  }
}

/** This installation gives such an export to two persons alone. */
export class SecondPersonNeeded extends DomainError {
  constructor() {
    super('second-person-needed', 'an officer must confirm this export first');
  }
}
