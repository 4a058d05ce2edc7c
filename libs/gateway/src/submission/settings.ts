import type { SealingRecipient } from '#libs/keyring';
import { DomainError } from '#libs/vocabulary';
import type { UnquotedDotsAt } from '#libs/vocabulary';
import type { OrganisationProfile } from '#libs/mail';
import type { SealSettings } from '../seals/seal-for-recipients.ts';

/** A program that may seal. */
export interface SealingClient {
  /** Stands in events; never secret, never an address. */
  readonly clientId: string;
  /** Whom it may write as: an address, or every address of a domain (`@example.com`, its subdomains not). */
  readonly senders: readonly string[];
}

/** A program that asks what became of a message, or takes one back: what it sealed itself, or with the right to it any. */
export interface MessageAsker {
  readonly clientId: string;
  readonly mayAskAboutAll: boolean;
}

/** Tells programs by their access tokens. Whoever issues those stands behind this port; this room only asks. */
export abstract class SealingClients {
  /**
   * @param accessToken as it stands in the request, whatever it is
   * @throws SealingNotAuthorised
   */
  abstract authorise(accessToken: string): Promise<SealingClient>;

  /** Who may ask about messages and take them back. @throws SealingNotAuthorised */
  abstract asker(accessToken: string): Promise<MessageAsker>;
}

/** RFC 6750 §3.1: no token of ours that is good now, or one that may not seal. */
export class SealingNotAuthorised extends DomainError {
  readonly error: 'invalid_token' | 'insufficient_scope';

  constructor(error: SealingNotAuthorised['error']) {
    super(error === 'invalid_token' ? 'unauthorised' : 'insufficient-scope');
    this.error = error;
  }
}

/** What the app decides for this room. The class is its own injection token. */
export class SubmissionSettings {
  /** `SEGL_PUBLIC_URL`. */
  readonly publicUrl!: URL;
  readonly organisation!: OrganisationProfile;
  /** From sealing to expiry. 90 days by default. */
  readonly lifetimeSeconds!: number;
  /** 25 MiB by default: what opening takes. */
  readonly maxMailBytes!: number;
  /** Where a request may name mailboxes with dots that need quotes, and have none. */
  readonly unquotedDotsAt!: UnquotedDotsAt;
  readonly senderOfCarrier?: NonNullable<SealSettings['senderOfCarrier']>;
  /** 100 by default. */
  readonly maxRecipients!: number;
  /** Whether `MessageSealed` holds the subject, under the recipient's key. */
  readonly recordMailSubject!: boolean;
  /** Which epoch to seal to. Default: the newest of the keyring, at once. @throws KeyringFault when there is none */
  readonly sealingRecipient?: () => SealingRecipient;
  /** How long an answer waits for the first try of the relay. Default 5 s. */
  readonly awaitFirstTryMs?: number;
  /** Submissions at once, shared out among programs (submission-places.ts); more are refused for now. Default 16. */
  readonly submissionsAtOnce?: number;
  /**
   * `outbox`: carriers wait on this machine's disk until the relay takes them. `at-once`: a request is answered once the relay has its
   * carrier, and nothing waits here, so that any number of machines give one answer to a key. Default `outbox`.
   */
  readonly handOff?: 'outbox' | 'at-once';
  /** Seconds without a byte of a mail after which its submission is ended. */
  readonly silenceSeconds!: number;
}
