import { DomainError } from '#libs/vocabulary';

/** What a program may: `audit:read` asks and proves (an auditor's role), `audit:export` takes events away. */
export type AuditScope = 'audit:read' | 'audit:export';

/** Tells programs by their access tokens. Whoever issues those stands behind this port; this room only asks. */
export abstract class AuditClients {
  /**
   * @param accessToken as it stands in the request, whatever it is
   * @returns the program's name, as it stands in events: never secret, never an address
   * @throws AuditNotAuthorised
   */
  abstract authorise(accessToken: string, scope: AuditScope): Promise<{ readonly clientId: string }>;
}

/** RFC 6750 §3.1: no token of ours that is good now, or one that may not do this. */
export class AuditNotAuthorised extends DomainError {
  constructor(
    readonly error: 'invalid_token' | 'insufficient_scope',
    /** Who it is all the same; null when that is not proven. */
    readonly clientId: string | null = null,
  ) {
    super(error === 'invalid_token' ? 'audit-unauthorised' : 'audit-insufficient-scope');
  }
}

/** What the app decides for this room. The class is its own injection token. */
export class AuditApiSettings {
  /** Of Segl: stands in what is given to other programs. */
  readonly release!: string;
  /** Answers of the feed that wait for events at once; more are told to come back. Default 16. */
  readonly feedsAtOnce?: number;
  /** Whether every export but that of one message needs an officer who confirms it. */
  readonly exportsTakeTwo!: boolean;
  /** Exports at once. Default 2. */
  readonly exportsAtOnce?: number;
}
