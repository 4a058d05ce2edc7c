import { Global, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { MailReader, MailRelay, Outbox } from '#libs/mail';
import { Metrics, Telemetry } from '#libs/telemetry';
import { Clock } from '#libs/vocabulary';

/** Everything that is opened before the app is made and closed after it, by its port. */
export interface OpenedStores {
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly eventStore: EventStore;
  readonly ephemeralStore: EphemeralStore;
  readonly persons: PersonDirectory;
  readonly relay: MailRelay;
  readonly outbox: Outbox;
  readonly reader: MailReader;
  readonly readModels: ReadModels;
  readonly projections: ProjectionRunner;
  readonly telemetry: Telemetry;
  readonly metrics: Metrics;
}

/** One line for each port: which adapter stands behind it was decided when it was opened (open-stores.ts). */
@Global()
@Module({})
export class StoresModule {
  static of(stores: OpenedStores): DynamicModule {
    const providers: Provider[] = [
      { provide: Clock, useValue: stores.clock },
      { provide: Keyring, useValue: stores.keyring },
      { provide: EventStore, useValue: stores.eventStore },
      { provide: EphemeralStore, useValue: stores.ephemeralStore },
      { provide: PersonDirectory, useValue: stores.persons },
      { provide: MailRelay, useValue: stores.relay },
      { provide: Outbox, useValue: stores.outbox },
      { provide: MailReader, useValue: stores.reader },
      { provide: ReadModels, useValue: stores.readModels },
      { provide: ProjectionRunner, useValue: stores.projections },
      { provide: Telemetry, useValue: stores.telemetry },
      { provide: Metrics, useValue: stores.metrics },
    ];
    return { module: StoresModule, providers, exports: providers };
  }
}
