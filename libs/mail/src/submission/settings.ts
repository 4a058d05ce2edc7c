import type { SealingRecipient } from '#libs/keyring';
import type { MailAddress } from '#libs/vocabulary';
import type { CarrierTranslate } from '../carrier/carrier-texts.ts';
import type { OrganisationProfile } from '../carrier/organisation-profile.ts';

/** A program that may seal. */
export interface SealingClient {
  /** Stands in events; never secret, never an address. */
  readonly clientId: string;
  /** SHA-256 of its bearer token, 64 lower-case hex digits: so the configuration holds no secret. */
  readonly tokenSha256: string;
  /** Whom it may write as: an address, or every address of a domain (`@example.com`, its subdomains not). */
  readonly senders: readonly string[];
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
  /** 100 by default. */
  readonly maxRecipients!: number;
  /** Whether `MessageSealed` holds the subject, under the recipient's key. */
  readonly recordMailSubject!: boolean;
  readonly clients!: readonly SealingClient[];
  /** Which epoch to seal to. Default: the newest of the keyring, at once. @throws KeyringFault when there is none */
  readonly sealingRecipient?: () => SealingRecipient;
  /** How long an answer waits for the first try of the relay. Default 5 s. */
  readonly awaitFirstTryMs?: number;
  /** Submissions at once; more are told to come back. Default 16. */
  readonly submissionsAtOnce?: number;
  /** `translate` of the web-ui room. */
  readonly translate!: CarrierTranslate;
}

/** Whether a client may write as an address in its canonical form. */
export function mayWriteAs({ senders }: SealingClient, address: MailAddress): boolean {
  const domain = address.slice(address.lastIndexOf('@'));
  return senders.some((rule) => rule.toLowerCase() === address || rule.toLowerCase() === domain);
}
