import type { SecondPersonAct } from '#libs/compliance';
import type { MailRelay } from '#libs/mail';
import type { OwnBridgeClientSettings } from '#libs/oidc-bridge';
import type { Instant, MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';

/** Officers who are written to when something waits for one of them. */
export interface OfficersNotices {
  readonly to: readonly MailAddress[];
  readonly from: MailAddress;
  readonly organisation: string;
  readonly locale: Locale;
  readonly publicUrl: URL;
  readonly relay: Pick<MailRelay, 'send'>;
  /** One mail was not taken; it is not tried again, since the page shows the same. */
  readonly onFault: (error: unknown) => void;
}

/** As the process that sent the last canary mail left it. */
export interface CanaryShown {
  readonly last: {
    readonly endedAt: Instant;
    readonly outcome: 'passed' | 'failed';
    /** In the order of the way; where it failed, the last one is that which did. */
    readonly steps: readonly { readonly step: CanaryStepShown; readonly seconds: number }[];
    /** For operators, as the log has it; null where it passed. */
    readonly reason: string | null;
  };
  /** When one last went the whole way. */
  readonly passedAt: Instant | null;
}
export type CanaryStepShown = 'seal' | 'carrier' | 'open' | 'ask' | 'code' | 'prove' | 'view';

/** What the app decides for this room. The class is its own injection token. */
export class ConsoleSettings {
  /** How the console is a client of the bridge. */
  readonly client!: OwnBridgeClientSettings;
  /** Seconds without a request after which a session ends. */
  readonly sessionIdleSeconds!: number;
  /** Seconds after sign-in when it ends in any case. */
  readonly sessionMaxSeconds!: number;
  /** IANA name of the zone in which days are asked for and times are shown. */
  readonly timeZone!: string;
  /** Where checkpoints are published; null: nowhere. */
  readonly ledgerDirectory!: string | null;
  /** What one officer asks for and another must confirm. */
  readonly secondPerson!: readonly SecondPersonAct[];
  /** Where a file that is verified lies, under no name, as long as that takes. */
  readonly scratchDirectory!: string;
  /** Null where nobody is written to. */
  readonly notices!: OfficersNotices | null;
  /** Whether any account can have a role here, as far as this process knows: none can where no provider has a `rolesClaim`. */
  readonly hasAccounts!: boolean;
  /** Whether the sessions of readers are in the store of this process. */
  readonly seesSessions!: boolean;
  /** What became of the last canary mail, whichever process sent it; null where none is sent. */
  readonly canary!: (() => Promise<CanaryShown | null>) | null;
  /** What /readyz says: lines of what is not well, `warning: ` before those that do not matter for being ready. */
  readonly health!: () => Promise<{ readonly isReady: boolean; readonly text: string; readonly ageSeconds: number }>;
}
