import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore, ProjectionRunner, ReadModelDatabase } from '#libs/event-store';
import { PolicyFaulty, PolicyInForce } from '#libs/gateway';
import { ConfigurationFault, DATA_FILES, keysIfThereOf, keysOf, signInParts } from '#libs/installation';
import type { CheckedParts, Places, Settings } from '#libs/installation';
import type { Keyring, PersonDirectory } from '#libs/keyring';
import type { Upstream } from '#libs/oidc-bridge';
import { SystemClock } from '#libs/vocabulary';
import { Refused } from '../exit-codes.ts';
import { caughtUpReadModels } from '../read-models.ts';
import type { OpenedForCommand } from '../stores.ts';

/** What checks look at when no process of ours need be running: opened as they ask for it, closed when the command is over. */
export class PartsFromOutside implements CheckedParts {
  private opening: Promise<Keyring> | null = null;
  private reading: ReturnType<typeof caughtUpReadModels> | null = null;

  constructor(
    readonly settings: Settings,
    private readonly places: Places,
    private readonly stores: OpenedForCommand,
  ) {}

  keyring(): Promise<Keyring> {
    return (this.opening ??= this.stores.keyring(keysOf(this.settings), keysIfThereOf(this.settings)));
  }

  async eventStore(): Promise<EventStore | null> {
    return this.isYetToBeMade('eventStore') ? null : this.stores.eventStore();
  }

  async persons(): Promise<PersonDirectory | null> {
    if (this.isYetToBeMade('personKeys')) return null;
    const keyring = await this.keyring().catch(() => undefined); // its faults are said by its own check
    return this.stores.persons(keyring === undefined ? {} : { keyring });
  }

  ephemeralStore(): Promise<EphemeralStore> {
    return this.stores.ephemeralStore(this.settings);
  }

  async outbox(): Promise<never> {
    throw new Refused('an outbox is its own process’s alone');
  }

  async ledger(): Promise<never> {
    throw new Refused('a ledger is kept by a running process alone');
  }

  async retention(): Promise<null> {
    return null;
  }

  isListeningForMail(): never {
    throw new Refused('whether mail can come in is known to a running process alone');
  }

  async policyFaults(): Promise<readonly string[]> {
    try {
      return new PolicyInForce(this.settings.gateway.policyFile ?? null, () => new Date()).faults;
    } catch (error) {
      if (error instanceof PolicyFaulty) return error.faults;
      throw error;
    }
  }

  async webhookTroubles(): Promise<readonly string[]> {
    return [];
  }

  async projections(): Promise<ProjectionRunner | null> {
    return (await this.readModels())?.runner ?? null;
  }

  async trail(): Promise<ReadModelDatabase | null> {
    return (await this.readModels())?.readModels.db ?? null;
  }

  private readModels(): ReturnType<typeof caughtUpReadModels> | Promise<null> {
    const isThere = existsSync(join(this.places.dataDir, DATA_FILES.readModels));
    if (!isThere) return Promise.resolve(null);
    return (this.reading ??= caughtUpReadModels(this.places, this.stores));
  }

  async providers(): Promise<readonly Upstream[]> {
    const providers = this.configuredProviders();
    await Promise.all(providers.map((provider) => provider.examine()));
    return providers;
  }

  private configuredProviders(): readonly Upstream[] {
    try {
      return signInParts(this.settings, new SystemClock()).providers;
    } catch (error) {
      if (error instanceof ConfigurationFault) return []; // said by a check of its own
      throw error;
    }
  }

  /** Before a first start neither embedded store is there; one without the other has been lost, and opening it says so. */
  private isYetToBeMade(store: 'eventStore' | 'personKeys'): boolean {
    const other = store === 'eventStore' ? 'personKeys' : 'eventStore';
    return !this.stores.has(store) && (this.stores.isElsewhere(other) || !this.stores.has(other));
  }
}
