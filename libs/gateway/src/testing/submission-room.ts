import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { EventStore } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { Clock, SystemClock } from '#libs/vocabulary';
import { MailRelay, Outbox, SmtpRelay } from '#libs/mail';
import type { OutboxOptions } from '#libs/mail';
import { SubmissionModule } from '../submission/submission.module.ts';
import { SealingClients, SealingNotAuthorised, SubmissionSettings } from '../submission/settings.ts';
import type { MessageAsker, SealingClient } from '../submission/settings.ts';
import { deliveryRecorder } from '../submission/deliveries.ts';
import { settlementBy } from '../submission/submission.ts';

export const OFFICE_TOKEN = 'office-token';
export const OTHER_TOKEN = 'other-token';
/** Of a program that may ask about all messages, and take them back, and seals none. */
export const OFFICER_TOKEN = 'officer-token';
/** A token that is good, of a program that may not seal. */
export const READER_TOKEN = 'reader-token';

export const office: SealingClient = { clientId: 'office', senders: ['@example.org'] };
const other: SealingClient = { clientId: 'other', senders: ['one@example.net'] };

/** Stands for whoever issues access tokens: the rules of tokens are tested where they are made. */
class KnownTokens extends SealingClients {
  private readonly clients: ReadonlyMap<string, SealingClient>;

  constructor(officeSenders: readonly string[]) {
    super();
    this.clients = new Map([
      [OFFICE_TOKEN, { ...office, senders: officeSenders }],
      [OTHER_TOKEN, other],
    ]);
  }

  override async authorise(accessToken: string): Promise<SealingClient> {
    if (accessToken === READER_TOKEN) throw new SealingNotAuthorised('insufficient_scope');
    const client = this.clients.get(accessToken);
    if (client === undefined) throw new SealingNotAuthorised('invalid_token');
    return client;
  }

  override async asker(accessToken: string): Promise<MessageAsker> {
    if (accessToken === OFFICER_TOKEN) return { clientId: 'officer', mayAskAboutAll: true };
    const { clientId } = await this.authorise(accessToken);
    return { clientId, mayAskAboutAll: false };
  }
}

export interface SubmissionRoom {
  readonly app: NestExpressApplication;
  readonly url: string;
  readonly store: EventStore;
  readonly keyring: Keyring;
  readonly persons: PersonDirectory;
  readonly outbox: Outbox;
  readonly outboxDirectory: string;
  readonly directories: readonly string[];
  openOutbox(): Promise<Outbox>;
  close(): Promise<void>;
}

export interface SubmissionRoomOptions {
  readonly relayPort: number;
  readonly settings?: Partial<SubmissionSettings>;
  readonly outbox?: Partial<OutboxOptions>;
  /** Whom the office may write as. */
  readonly officeSenders?: readonly string[];
  /** Another room whose record, directory and keys this one shares, as a gateway on another machine does. */
  readonly beside?: SubmissionRoom;
  /** Puts something between the room and its store: a store that fails, say. */
  readonly wrapStore?: (store: EventStore) => EventStore;
}

/** The sealing API on real stores and a real outbox, in directories of its own, listening on loopback. */
export async function openSubmissionRoom({
  relayPort,
  settings,
  outbox: outboxOptions,
  wrapStore,
  beside,
  officeSenders = office.senders,
}: SubmissionRoomOptions): Promise<SubmissionRoom> {
  const sqlite = await openTemporarySqlite();
  const keys = await temporaryKeyring();
  const people = await temporaryPersonDirectory(keys.keyring);
  const directory = await mkdtemp(join(tmpdir(), 'segl-submission-'));
  const record = beside?.store ?? sqlite.store;
  const store = wrapStore ? wrapStore(record) : record;
  const persons = beside?.persons ?? people.persons;
  const keyring = beside?.keyring ?? keys.keyring;
  const clock = new SystemClock();
  const relay = new SmtpRelay(`smtp://127.0.0.1:${relayPort}`, { closeGraceMs: 200 });
  const outboxDirectory = join(directory, 'outbox');
  const openOutbox = () =>
    Outbox.open({
      directory: outboxDirectory,
      relay,
      settle: settlementBy(store, clock),
      record: deliveryRecorder(store),
      scanIntervalMs: 20,
      takeOverIntervalMs: 20,
      closeGraceMs: 200,
      ...outboxOptions,
    });
  const outbox = await openOutbox();
  outbox.start();
  const submissionSettings: SubmissionSettings = {
    publicUrl: new URL('https://mail.example.org'),
    organisation: { name: 'Example Office', locales: ['en', 'da'] },
    lifetimeSeconds: 90 * 86_400,
    maxMailBytes: 25 * 1024 * 1024,
    unquotedDotsAt: [],
    maxRecipients: 100,
    recordMailSubject: false,
    silenceSeconds: 10,
    ...settings,
  };

  @Global()
  @Module({
    imports: [CqrsModule.forRoot()],
    providers: [
      { provide: EventStore, useValue: store },
      { provide: PersonDirectory, useValue: persons },
      { provide: Keyring, useValue: keyring },
      { provide: Outbox, useValue: outbox },
      { provide: MailRelay, useValue: relay },
      { provide: Clock, useValue: clock },
      { provide: SubmissionSettings, useValue: submissionSettings },
      { provide: SealingClients, useValue: new KnownTokens(officeSenders) },
    ],
    exports: [EventStore, PersonDirectory, Keyring, Outbox, MailRelay, Clock, SubmissionSettings, SealingClients],
  })
  class StoresModule {}

  @Module({ imports: [StoresModule, SubmissionModule] })
  class RoomModule {}

  const app = await NestFactory.create<NestExpressApplication>(RoomModule, {
    bodyParser: false,
    logger: ['error'],
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return {
    app,
    url: await app.getUrl(),
    store: record,
    keyring,
    persons,
    outbox,
    outboxDirectory,
    directories: [sqlite.directory, directory],
    openOutbox,
    async close() {
      await app.close();
      await outbox.close();
      await relay.close();
      await people.remove();
      await keys.remove();
      await sqlite.cleanUp();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
