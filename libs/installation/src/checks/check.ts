import type { LedgerKeeper, RetentionKeeper } from '#libs/audit';
import type { EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore, ProjectionRunner, ReadModelDatabase } from '#libs/event-store';
import type { Keyring, PersonDirectory } from '#libs/keyring';
import type { Outbox } from '#libs/mail';
import type { Upstream } from '#libs/oidc-bridge';
import type { Role } from '../roles.ts';
import type { Settings } from '../settings/settings.ts';

/** Who runs checks: a process that is asked for /readyz, about itself; and `segl doctor`, from outside, also before a first start. */
export type Asker = 'readiness' | 'doctor';

/**
 * What a check may look at. In a running process all of it is open; elsewhere it is opened when a check asks for it, and a
 * fault of the opening is the check's fault. Null: there is none yet, and the first start makes it.
 */
export interface CheckedParts {
  readonly settings: Settings;
  keyring(): Promise<Keyring>;
  eventStore(): Promise<EventStore | null>;
  persons(): Promise<PersonDirectory | null>;
  ephemeralStore(): Promise<EphemeralStore>;
  /** Of a running process alone: nobody else may touch it. */
  outbox(): Promise<Outbox>;
  /** Following the record; from outside, caught up with it. */
  projections(): Promise<ProjectionRunner | null>;
  /** As they were found when last asked; from outside, asked now. */
  providers(): Promise<readonly Upstream[]>;
  /** What the audit trail is asked in; null where there is none yet. */
  trail(): Promise<ReadModelDatabase | null>;
  /** What is wrong with the policy's file: as it was last read; from outside, as it lies there now. */
  policyFaults(): Promise<readonly string[]>;
  /** What stands in the way of webhooks; known to a running process alone, from outside none. */
  webhookTroubles(): Promise<readonly string[]>;
  /** Of a running process alone. */
  ledger(): Promise<LedgerKeeper>;
  /** Of a running process alone; null from outside. */
  retention(): Promise<RetentionKeeper | null>;
  /** Whether mail can come in. Of a running process alone. */
  isListeningForMail(): boolean;
}

/** One thing that must be well for an installation to do what it is there for. */
export interface Check {
  readonly part: string;
  readonly looksAt: string;
  readonly failsWhen: string;
  readonly whatToDo: string;
  readonly askers: readonly Asker[];
  /**
   * Whose work alone it holds up. A process that has a role before this one (portal, gateway, console) is ready all the same, and warns: readers are not to
   * be turned away because something that they do not need stands still.
   */
  readonly ofRole?: Role;
  /** What is not well there is said at /readyz, and the process is ready all the same: there are other ways in. */
  readonly onlyWarns?: true;
  /** What is not well there is for `segl doctor` to say, and no fault of this installation: somebody else's part, or not yet due. */
  readonly onlyAdvises?: true;
  /** Required settings, such as `publicUrl`, without which there is nothing to look at: `segl doctor` runs beside faulty ones too. */
  readonly standsOn?: readonly string[];
  /** Whether these settings have such a part at all. */
  concerns(settings: Settings, asker: Asker): boolean;
  /** Whether /readyz may say its reason; otherwise the log alone has it, since it names paths. */
  isTold(settings: Settings): boolean;
  /** @returns what is well, in a few words. Rejects with a reason for operators. */
  run(parts: CheckedParts): Promise<string>;
}
