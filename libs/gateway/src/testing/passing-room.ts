import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { EventStore } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { MailReader, MailRelay, SmtpRelay } from '#libs/mail';
import { SealMessageHandler } from '#libs/sealing';
import { Clock, SystemClock, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { PassOnMail } from '../outgoing-mail.ts';
import type { OutgoingMail, StoredMail } from '../outgoing-mail.ts';
import { PassingOnModule } from '../passing-on/passing-on.module.ts';
import { PolicyInForce } from '../passing-on/policy-in-force.ts';
import { PassingOnSettings } from '../passing-on/settings.ts';
import type { RelayingNotice } from '../passing-on/settings.ts';

export interface PassingRoomOptions {
  readonly relayPort: number;
  /** Path of a policy. Null: everything is sealed. */
  readonly policyFile?: string | null;
  readonly settings?: Partial<PassingOnSettings>;
  readonly clock?: Clock;
  /** Puts something between a gateway and its store: a store that fails, say. */
  readonly wrapStore?: (store: EventStore) => EventStore;
}

/** Stores that several gateways share, in directories of their own. */
export async function openPassingStores() {
  const sqlite = await openTemporarySqlite();
  const keys = await temporaryKeyring();
  const people = await temporaryPersonDirectory(keys.keyring);
  return {
    store: sqlite.store,
    keyring: keys.keyring,
    persons: people.persons,
    async close() {
      await people.remove();
      await keys.remove();
      await sqlite.cleanUp();
    },
  };
}

export type PassingStores = Awaited<ReturnType<typeof openPassingStores>>;

/** What becomes of mails once they are in, on real stores, with a next hop on loopback. */
export async function openPassingRoom(stores: PassingStores, options: PassingRoomOptions) {
  const { relayPort, policyFile = null, settings, clock = new SystemClock(), wrapStore = (store) => store } = options;
  const relay = new SmtpRelay(`smtp://127.0.0.1:${relayPort}`, { closeGraceMs: 200 });
  const reader = new MailReader({});
  const notices: RelayingNotice[] = [];
  const faults: unknown[] = [];
  const passingOn: PassingOnSettings = {
    publicUrl: new URL('https://mail.example.org'),
    organisation: { name: 'Example Office', locales: ['en', 'da'] },
    lifetimeSeconds: 90 * 86_400,
    maxMailBytes: 25 * 1024 * 1024,
    recordMailSubject: false,
    attemptSeconds: 60,
    reportsFrom: parseMailAddress('mailer-daemon@mail.example.org'),
    onNotice: (notice) => notices.push(notice),
    onFault: (error) => faults.push(error),
    ...settings,
  };
  const policies = new PolicyInForce(policyFile, () => new Date());

  @Global()
  @Module({
    imports: [CqrsModule.forRoot()],
    providers: [
      SealMessageHandler,
      { provide: EventStore, useValue: wrapStore(stores.store) },
      { provide: PersonDirectory, useValue: stores.persons },
      { provide: Keyring, useValue: stores.keyring },
      { provide: MailRelay, useValue: relay },
      { provide: MailReader, useValue: reader },
      { provide: Clock, useValue: clock },
      { provide: PolicyInForce, useValue: policies },
      { provide: PassingOnSettings, useValue: passingOn },
    ],
    exports: [EventStore, PersonDirectory, Keyring, MailRelay, MailReader, Clock, PolicyInForce, PassingOnSettings],
  })
  class StoresModule {}

  @Module({ imports: [StoresModule, PassingOnModule] })
  class RoomModule {}

  const app = await NestFactory.createApplicationContext(RoomModule, { logger: ['error'], abortOnError: false });
  await app.init();
  const passOnMail = app.get(PassOnMail);
  return {
    policies,
    notices,
    faults,
    passOn: (mail: OutgoingMail, signal: AbortSignal = new AbortController().signal) => passOnMail.passOn(mail, signal),
    async close() {
      await app.close();
      await relay.close();
      await reader.close();
    },
  };
}

export type PassingRoom = Awaited<ReturnType<typeof openPassingRoom>>;

/** A mail as SMTP in would give it. */
export function outgoingMail(
  content: string | Buffer,
  recipients: readonly string[],
  more: Partial<OutgoingMail> = {},
): OutgoingMail {
  return {
    mailFrom: parseMailAddress('office@example.org'),
    recipients: recipients.map((recipient): MailAddress => parseMailAddress(recipient)),
    smtpUtf8: false,
    eightBit: false,
    client: 'mailserver',
    senders: ['@example.org'],
    session: { heloName: 'mx.example.org', networkAddress: '192.0.2.1', protocol: 'ESMTPS' },
    dsnReturn: null,
    mail: storedMail(Buffer.from(content)),
    ...more,
  };
}

/** In pieces, so that nobody counts on getting it whole. */
function storedMail(bytes: Buffer): StoredMail {
  return {
    bytes: bytes.length,
    async *content() {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
    release: () => Promise.resolve(),
  };
}
