import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { auditTrail, AuditTrailThread, LedgerKeeper, ledgerProjection } from '#libs/audit';
import { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { StoreOfTests } from '#libs/event-store/testing';
import { PersonDirectory } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { Clock, SystemClock } from '#libs/vocabulary';
import { AuditApiModule } from '../audit-api.module.ts';
import { AuditApiSettings, AuditClients, AuditNotAuthorised } from '../settings.ts';
import type { AuditScope } from '../settings.ts';

/** Tokens of programs, by what each may. `sealing-token` is a good one of a program that has nothing to do here. */
export const TOKENS: Readonly<Record<string, { readonly clientId: string; readonly scopes: readonly AuditScope[] }>> = {
  'reading-token': { clientId: 'reading', scopes: ['audit:read'] },
  'siem-token': { clientId: 'siem', scopes: ['audit:export'] },
  'vault-token': { clientId: 'vault', scopes: ['audit:export'] },
  'sealing-token': { clientId: 'archive', scopes: [] },
};

/** Stands for whoever issues access tokens: the rules of tokens are tested where they are made. */
class KnownTokens extends AuditClients {
  override async authorise(accessToken: string, scope: AuditScope): Promise<{ readonly clientId: string }> {
    const client = TOKENS[accessToken];
    if (client === undefined) throw new AuditNotAuthorised('invalid_token');
    if (!client.scopes.includes(scope)) throw new AuditNotAuthorised('insufficient_scope', client.clientId);
    return client;
  }
}

/** The audit API on a real store with a real ledger, listening on loopback. */
export async function openAuditApiRoom(
  settings: Partial<AuditApiSettings> = {},
  openStore: StoreOfTests['open'] = () => openTemporarySqlite(),
) {
  const record = await openStore();
  const keys = await temporaryKeyring();
  const people = await temporaryPersonDirectory(keys.keyring);
  const directory = await mkdtemp(join(tmpdir(), 'segl-audit-api-'));
  const path = join(directory, 'read-models.sqlite');
  const readModels = ReadModels.open(path);
  const runner = new ProjectionRunner(record.store, readModels, [auditTrail, ledgerProjection]);
  runner.start();
  const clock = new SystemClock();
  const trail = new AuditTrailThread(path);
  const origin = 'post.nordlys.example/ledger';
  const keeper = new LedgerKeeper(record.store, readModels, keys.keyring, clock, {
    ...{ origin, directory: null, onFault: () => undefined },
  });
  const providers = [
    { provide: EventStore, useValue: record.store },
    { provide: ReadModels, useValue: readModels },
    { provide: ProjectionRunner, useValue: runner },
    { provide: AuditTrailThread, useValue: trail },
    { provide: LedgerKeeper, useValue: keeper },
    { provide: PersonDirectory, useValue: people.persons },
    { provide: Clock, useValue: clock },
    { provide: AuditClients, useValue: new KnownTokens() },
    {
      provide: AuditApiSettings,
      useValue: { release: '1.2.3', exportsTakeTwo: false, ...settings } satisfies AuditApiSettings,
    },
  ];

  @Global()
  @Module({ providers, exports: providers.map(({ provide }) => provide) })
  class StoresModule {}

  @Module({ imports: [StoresModule, AuditApiModule] })
  class RoomModule {}

  const app = await NestFactory.create<NestExpressApplication>(RoomModule, {
    ...{ bodyParser: false, logger: ['error'], abortOnError: false },
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ledgerKey = keys.keyring.ledgerVerifier(keys.keyring.ledgerSigner().keyId)?.publicKey;
  return {
    ...{ app, url, origin, ledgerKey, runner, readModels, keeper, clock },
    store: record.store,
    persons: people.persons,
    /** Brings events in as they were recorded elsewhere, and waits until the read models hold them. */
    async holds(events: readonly RecordedEvent[]): Promise<void> {
      await record.store.importRecorded(events);
      await runner.caughtUp();
    },
    get: (place: string, token = 'reading-token') =>
      fetch(`${url}/api/v1/audit/${place}`, { headers: { Authorization: `Bearer ${token}` } }),
    post: (place: string, question: unknown, token = 'reading-token', headers: Record<string, string> = {}) =>
      fetch(`${url}/api/v1/audit/${place}`, {
        method: 'POST',
        body: typeof question === 'string' ? question : JSON.stringify(question),
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      }),
    /** What auditors did, as it stands in the record. */
    async auditing(): Promise<RecordedEvent[]> {
      return (await Array.fromAsync(record.store.readAll())).filter(({ stream }) => stream === 'auditors-api');
    },
    async close() {
      await app.close();
      trail.close();
      await runner.stop();
      readModels.close();
      await people.remove();
      await keys.remove();
      await record.cleanUp();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type AuditApiRoom = Awaited<ReturnType<typeof openAuditApiRoom>>;
