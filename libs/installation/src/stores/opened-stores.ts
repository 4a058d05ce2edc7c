import type { CanaryInStores } from '../canary/canary-in-stores.ts';
import type { AuditTrailThread, LedgerKeeper, RetentionKeeper } from '#libs/audit';
import type { EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { Keyring, PersonDirectory } from '#libs/keyring';
import type { PolicyInForce } from '#libs/gateway';
import type { MailReader, MailRelay, Outbox } from '#libs/mail';
import type { GatewayEpochs } from '#libs/sealing';
import type { Metrics, Telemetry } from '#libs/telemetry';
import type { Clock } from '#libs/vocabulary';
import type { Webhooks } from '#libs/webhooks';

/** Everything that is opened before the app is made and closed after it, by its port; null is what no role of this process has. */
export interface OpenedStores {
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly eventStore: EventStore;
  readonly metrics: Metrics;
  readonly persons: PersonDirectory | null;
  readonly ephemeralStore: EphemeralStore | null;
  readonly relay: MailRelay | null;
  readonly outbox: Outbox | null;
  /** Null also where no program has one. */
  readonly webhooks: Webhooks | null;
  readonly epochs: GatewayEpochs | null;
  readonly reader: MailReader | null;
  /** What mail that comes in is decided by. */
  readonly policy: PolicyInForce | null;
  readonly telemetry: Telemetry | null;
  readonly readModels: ReadModels | null;
  readonly projections: ProjectionRunner | null;
  /** Asks the audit trail, off the main thread. */
  readonly trail: AuditTrailThread | null;
  /** Who the canary is, and where its mail is; null where none is sent. */
  readonly canary: CanaryInStores | null;
  /** Signs and publishes the head of the log. */
  readonly ledger: LedgerKeeper | null;
  /** Takes the content out of old events; null also where no setting says so, and on a store that changes no event. */
  readonly retention: RetentionKeeper | null;
}
