import type { SealingRecipient } from '#libs/keyring';
import type { MailAddress } from '#libs/vocabulary';
import type { SealSettings } from '../seals/seal-for-recipients.ts';

/** What becomes of one mail for one recipient, for logs and counts: no address, and no word of the mail or of the next hop. */
export interface RelayingNotice {
  readonly treatment: 'sealed' | 'clear' | 'none';
  readonly outcome: 'taken' | 'taken-before' | 'refused' | 'deferred' | 'under-way';
  readonly rule: string;
  readonly clientId: string;
  /** 0 where the next hop was not asked, or did not reply. */
  readonly replyCode: number;
  readonly enhancedStatus: string;
  /** Of a sealed one. */
  readonly messageId?: string;
}

/** What the app decides for this step. The class is its own injection token. */
export class PassingOnSettings implements SealSettings {
  readonly publicUrl!: URL;
  readonly organisation!: SealSettings['organisation'];
  readonly lifetimeSeconds!: number;
  readonly maxMailBytes!: number;
  readonly senderOfCarrier?: NonNullable<SealSettings['senderOfCarrier']>;
  /** Whether `MessageSealed` holds the subject, under the recipient's key. */
  readonly recordMailSubject!: boolean;
  /**
   * From the end of a mail's data to its answer, at most. Below the 10 minutes that a sending server waits (RFC 5321 §4.5.3.2.6);
   * as long as this, and 15 s, nobody else tries what a crashed gateway had begun.
   */
  readonly attemptSeconds!: number;
  /** Whom reports on mails that only some recipients got are from. */
  readonly reportsFrom!: MailAddress;
  /** Which epoch to seal to. Default: the newest of the keyring, at once. @throws KeyringFault when there is none */
  readonly sealingRecipient?: () => SealingRecipient;
  readonly onNotice?: (notice: RelayingNotice) => void;
  /** Why a mail is to be tried again though the next hop did not say so: a store that is away, a failure of ours. */
  readonly onFault?: (error: unknown) => void;
}
