import { Global, Module } from '@nestjs/common';
import type { DynamicModule, ValueProvider } from '@nestjs/common';
import { AuditTrailThread, LedgerKeeper } from '#libs/audit';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import { PolicyInForce } from '#libs/gateway';
import type { OpenedStores } from '#libs/installation';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { MailReader, MailRelay, Outbox } from '#libs/mail';
import { Metrics, Telemetry } from '#libs/telemetry';
import { Clock } from '#libs/vocabulary';

/** One line for each port: which adapter stands behind it was decided when it was opened (#libs/installation). */
@Global()
@Module({})
export class StoresModule {
  static of(stores: OpenedStores): DynamicModule {
    const all: readonly ValueProvider<unknown>[] = [
      { provide: Clock, useValue: stores.clock },
      { provide: Keyring, useValue: stores.keyring },
      { provide: EventStore, useValue: stores.eventStore },
      { provide: Metrics, useValue: stores.metrics },
      { provide: PersonDirectory, useValue: stores.persons },
      { provide: EphemeralStore, useValue: stores.ephemeralStore },
      { provide: MailRelay, useValue: stores.relay },
      { provide: Outbox, useValue: stores.outbox },
      { provide: MailReader, useValue: stores.reader },
      { provide: PolicyInForce, useValue: stores.policy },
      { provide: Telemetry, useValue: stores.telemetry },
      { provide: ReadModels, useValue: stores.readModels },
      { provide: AuditTrailThread, useValue: stores.trail },
      { provide: LedgerKeeper, useValue: stores.ledger },
      { provide: ProjectionRunner, useValue: stores.projections },
    ];
    const providers = all.filter(({ useValue }) => useValue !== null);
    return { module: StoresModule, providers, exports: providers };
  }
}
