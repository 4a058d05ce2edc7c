import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { decideAndAppend } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { MailReader } from '#libs/mail';
import {
  MailSealer,
  messageStream,
  readSealedHeader,
  revokeMessage,
  SealMessage,
  SealMessageHandler,
  sealedMessages,
} from '#libs/sealing';
import { FixedClock, instantOf, parseMailAddress, plusSeconds } from '#libs/vocabulary';
import type { MessageTerm } from '#libs/sealing';
import type { MessageId } from '#libs/vocabulary';
import { MessageFiles } from '../message-files.ts';
import { MessageForReader } from '../message-for-reader.ts';
import { WaitingCiphertext } from '../waiting-ciphertext.ts';
import { OpeningTurns } from '../opening-turns.ts';
import { OpeningsRecord } from '../openings-record.ts';
import { PortalSessions } from '../portal-session.ts';
import type { ProofInSession } from '../portal-session.ts';
import type { RecipientAccessSettings } from '../settings.ts';

export const noon = instantOf('2026-11-22T12:00:00Z');
export const anna = parseMailAddress('anna@example.com');
export const bo = parseMailAddress('bo@example.org');

export const settings: RecipientAccessSettings = {
  publicUrl: new URL('http://localhost:8080'),
  waitingSeconds: 900,
  sessionIdleSeconds: 1800,
  sessionMaxSeconds: 28_800,
  openingsAtOnce: 4,
  showsFiles: true,
  openingsRecordedPerDay: 5,
  recordNetworkAddress: true,
  maxCarrierBytes: 1024 * 1024,
  uploadsMaxBytes: 8 * 1024 * 1024,
  silenceSeconds: 10,
  timeZone: 'UTC',
  demonstration: false,
};

/** The room on real stores, without its pages: seal a mail, hand it in, sign in, read. */
export async function sealedMessagesHere() {
  const clock = new FixedClock(noon);
  const sqlite = await openTemporarySqlite();
  const keys = await temporaryKeyring();
  const directory = await temporaryPersonDirectory(keys.keyring);
  const ephemeral = new MemoryEphemeralStore({ maxBytes: 64 * 1024 * 1024 });
  const reader = new MailReader();
  const { store } = sqlite;
  const { persons } = directory;
  const waiting = new WaitingCiphertext(ephemeral, settings);
  const sessions = new PortalSessions(ephemeral, settings);
  const openings = new OpeningsRecord(store, ephemeral, clock, { maxPerDay: settings.openingsRecordedPerDay });
  const messages = new MessageForReader(store, persons, keys.keyring, waiting, sessions, openings, clock, settings);
  const files = new MessageFiles(messages, reader, waiting);
  const turns = new OpeningTurns(settings.openingsAtOnce);

  return {
    clock,
    store,
    persons,
    keyring: keys.keyring,
    keyringDirectory: keys.directory,
    ephemeral,
    waiting,
    sessions,
    openings,
    messages,
    files,
    reader,
    turns,

    /** Seals a mail from Bo to Anna and records it. */
    async seal(
      mail: string | Buffer,
      lifetimeSeconds = 86_400,
      terms: readonly MessageTerm[] = [],
    ): Promise<{ messageId: MessageId; ciphertext: Buffer }> {
      const now = clock.now();
      const sealer = new MailSealer({
        recipient: keys.keyring.sealingRecipient(),
        signer: keys.keyring.manifestSigner(),
        facts: {
          organisation: 'Example',
          sender: bo,
          recipient: anna,
          sealedAt: now,
          expiresAt: plusSeconds(now, lifetimeSeconds),
          terms,
        },
      });
      const pieces = [Buffer.from(sealer.begin())];
      pieces.push(Buffer.from(sealer.update(Buffer.from(mail))), Buffer.from(sealer.finish()));
      await new SealMessageHandler(store, persons).execute(new SealMessage(sealer));
      return { messageId: sealer.messageId, ciphertext: Buffer.concat(pieces) };
    },

    /** As the upload does, once it has read whose it is. */
    async handIn(ciphertext: Uint8Array): Promise<MessageId> {
      const header = readSealedHeader(ciphertext.subarray(0, 4096));
      if (header.status !== 'header') throw new TypeError('no header');
      await messages.takeIn(header.messageId, inPieces(ciphertext), '192.0.2.7/32');
      return header.messageId;
    },

    /** A session that holds a proof of an address, as Authenticate leaves it. */
    async signIn(address = anna, sessionId = 'session-of-anna', proof: Partial<ProofInSession> = {}) {
      const { personId } = await persons.findOrCreate(address);
      await sessions.begin(
        sessionId,
        {
          address,
          personId,
          method: 'passcode',
          issuer: 'http://localhost:8080/oidc',
          subject: personId,
          provenAt: clock.now(),
          ...proof,
        },
        clock.now(),
      );
      return { sessionId, networkAddress: '192.0.2.7', hasOpened: false };
    },

    async revoke(messageId: MessageId): Promise<void> {
      await decideAndAppend(store, messageStream(messageId), sealedMessages, (state) =>
        revokeMessage(state, { now: clock.now(), revokedBy: 'compliance' }),
      );
    },

    async typesOf(stream: ReturnType<typeof messageStream>): Promise<string[]> {
      const types: string[] = [];
      for await (const { type } of store.readStream(stream)) types.push(type);
      return types;
    },

    async close(): Promise<void> {
      await reader.close();
      await ephemeral.close();
      await directory.remove();
      await keys.remove();
      await sqlite.cleanUp();
    },
  };
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
