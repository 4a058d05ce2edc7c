import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { auditFigures, auditTrail, AuditTrailThread, LedgerKeeper, ledgerProjection } from '#libs/audit';
import { EphemeralStore, MemoryEphemeralStore } from '#libs/ephemeral-store';
import { appendFacts, EventStore, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { telemetryCounts } from '#libs/telemetry';
import { Clock, parseMailAddress, SystemClock } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestBrowser } from '#libs/web-ui/testing';
import { ConsoleModule } from '../console.module.ts';
import { CONSOLE_ERRORS } from '../door/error-pages.ts';
import type { ConsoleRole } from '../roles.ts';
import { ConsoleSettings } from '../settings.ts';
import { EnterConsole } from '../sign-in/enter-console.ts';

/**
 * The console on real stores with a real ledger, listening on loopback. The bridge is not there: how somebody gets in is the story of
 * apps/appliance/test; here `signIn` stands where the bridge has proven an account.
 */
export async function openConsoleRoom(settings: Partial<ConsoleSettings> = {}, more: readonly Type[] = []) {
  const sqlite = await openTemporarySqlite();
  const keys = await temporaryKeyring();
  const people = await temporaryPersonDirectory(keys.keyring);
  const directory = await mkdtemp(join(tmpdir(), 'segl-console-'));
  const path = join(directory, 'read-models.sqlite');
  const readModels = ReadModels.open(path);
  const projections = [auditTrail, auditFigures, ledgerProjection, telemetryCounts];
  const runner = new ProjectionRunner(sqlite.store, readModels, projections);
  runner.start();
  const clock = new SystemClock();
  const ephemeral = new MemoryEphemeralStore({ maxBytes: 10_000_000 });
  const trail = new AuditTrailThread(path);
  const origin = 'post.nordlys.example/ledger';
  const keeper = new LedgerKeeper(sqlite.store, readModels, keys.keyring, clock, {
    ...{ origin, directory: null, onFault: () => undefined },
  });
  const given: ConsoleSettings = {
    client: {
      issuer: new URL('https://post.nordlys.example/oidc'),
      ...{ clientId: 'segl-console', redirectUri: 'https://post.nordlys.example/console/signed-in' },
      clientKeys: () => [],
      fetch: () => Promise.reject(new TypeError('there is no bridge')),
    },
    ...{ sessionIdleSeconds: 900, sessionMaxSeconds: 28_800, timeZone: 'Europe/Copenhagen', ledgerDirectory: null },
    ...{ secondPerson: [], notices: null, scratchDirectory: directory, seesSessions: true, hasAccounts: true },
    canary: null,
    health: () => Promise.resolve({ isReady: true, text: '', ageSeconds: 0 }),
    ...settings,
  };
  const providers = [
    { provide: EventStore, useValue: sqlite.store },
    { provide: EphemeralStore, useValue: ephemeral },
    { provide: ReadModels, useValue: readModels },
    { provide: ProjectionRunner, useValue: runner },
    { provide: AuditTrailThread, useValue: trail },
    { provide: LedgerKeeper, useValue: keeper },
    { provide: Keyring, useValue: keys.keyring },
    { provide: PersonDirectory, useValue: people.persons },
    { provide: Clock, useValue: clock },
    { provide: ConsoleSettings, useValue: given },
  ];

  @Global()
  @Module({ providers, exports: providers.map(({ provide }) => provide) })
  class StoresModule {}

  const close = async () => {
    trail.close();
    await runner.stop();
    readModels.close();
    await ephemeral.close();
    await people.remove();
    await keys.remove();
    await sqlite.cleanUp();
    await rm(directory, { recursive: true, force: true });
  };
  const portal = await openTestPortal(
    { imports: [CqrsModule.forRoot(), StoresModule, ConsoleModule], controllers: [...more] },
    { errorPages: [CONSOLE_ERRORS] },
  ).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    ...{ portal, origin, runner, readModels, keeper, ephemeral, directory },
    ledgerKey: keys.keyring.ledgerVerifier(keys.keyring.ledgerSigner().keyId)?.publicKey,
    store: sqlite.store,
    persons: people.persons,
    /** Brings events in as they were recorded elsewhere, and waits until the read models hold them. */
    async holds(events: readonly RecordedEvent[]): Promise<void> {
      await sqlite.store.importRecorded(events);
      await runner.caughtUp();
    },
    /** A browser in which somebody with these roles is signed in; with none, nobody. @returns whether they got in */
    async signIn(browser: TestBrowser, roles: readonly ConsoleRole[], address = 'olga@nordlys.example') {
      await browser.get('/console/sign-in/begin'); // gives it a session, and leads nowhere
      const account = {
        address: parseMailAddress(address),
        method: 'organisation',
        issuer: 'https://login.example',
        roles,
      };
      const [, sessionId = ''] = browser.cookies.get('segl')?.split('.') ?? [];
      return portal.app.get(EnterConsole).enter(account, () => sessionId);
    },
    /** Says in the record that somebody signed in by a code. */
    async signedIn(personId: PersonId): Promise<void> {
      const data = {
        ...{ personId, method: 'passcode', issuer: origin, challengeId: null },
        authenticatedAt: clock.now(),
      };
      const event = { type: 'RecipientAuthenticated', version: 2, data } as const;
      await appendFacts(sqlite.store, streamName('signins', personId), [event]);
      await runner.caughtUp();
    },
    /** What auditors did, as it stands in the record. */
    async auditing(): Promise<RecordedEvent[]> {
      return (await Array.fromAsync(sqlite.store.readAll())).filter(({ stream }) => stream === 'auditors-console');
    },
    async close() {
      await portal.close();
      await close();
    },
  };
}

export type ConsoleRoom = Awaited<ReturnType<typeof openConsoleRoom>>;
