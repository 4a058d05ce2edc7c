import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readState } from '#libs/event-store';
import type { AppendResult, EventStore } from '#libs/event-store';
import { messageStream, openSealedMail, sealedMessages } from '#libs/sealing';
import { parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { CarrierReader } from '#libs/mail';
import { OFFICE_TOKEN } from './submission-room.ts';
import type { SubmissionRoom } from './submission-room.ts';

export const SUBMITTED_MAIL = Buffer.from(
  'From: Office <office@example.org>\r\nTo: anna@example.com\r\nSubject: Afg\u00f8relse\r\n\r\nhemmelig\r\n',
);

/** A request to seal; what is left out is as it should be. */
export interface Asked {
  from?: string;
  to?: string[];
  /** In place of header fields: the old form. */
  query?: string;
  body?: Buffer | string;
  token?: string | null;
  key?: string;
  headers?: Record<string, string>;
}

export function askToSeal(
  room: SubmissionRoom,
  {
    from = 'office@example.org',
    to = ['anna@example.com'],
    query,
    body = SUBMITTED_MAIL,
    token = OFFICE_TOKEN,
    key,
    headers = {},
  }: Asked = {},
) {
  const asked = query === undefined ? { 'Segl-Sender': from, 'Segl-Recipient': to.join(', ') } : {};
  return fetch(`${room.url}/api/v1/messages${query === undefined ? '' : `?${query}`}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: {
      'Content-Type': 'message/rfc822',
      ...asked,
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...headers,
    },
  });
}

export interface Answer {
  messages: { to: string; messageId: MessageId; delivery: string }[];
}

/** The mail in a carrier, opened as the portal does, against the record. */
export async function opened(
  room: SubmissionRoom,
  carrier: Buffer,
  messageId: MessageId,
  recipient: string,
): Promise<Buffer> {
  const reader = new CarrierReader();
  const ciphertext = Buffer.concat([reader.push(carrier), reader.end()]);
  const { state } = await readState(room.store, messageStream(messageId), sealedMessages);
  if (state.status !== 'sealed') throw new Error(`recorded as ${state.status}`);
  const identity = room.keyring.sealingIdentity(state.sealingKeyId);
  if (!identity) throw new Error('no identity');
  async function* pieces() {
    yield ciphertext;
  }
  const { mail } = await openSealedMail(pieces(), {
    identity,
    verifierFor: (keyId) => room.keyring.manifestVerifier(keyId),
    recorded: state,
    recipient: parseMailAddress(recipient),
    sender: parseMailAddress('office@example.org'),
  });
  return mail;
}

export async function eventTypes(room: SubmissionRoom): Promise<string[]> {
  return (await Array.fromAsync(room.store.readAll())).map(({ type }) => type);
}

/** Every folder of the outbox but the locks. */
export async function leftInOutbox(room: SubmissionRoom): Promise<string[]> {
  const folders = ['staging', 'queue', 'sending', 'refused', 'kept'];
  return (await Promise.all(folders.map((folder) => readdir(join(room.outboxDirectory, folder))))).flat();
}

/** A store whose appends go through `around`. */
export function storeWith(
  store: EventStore,
  around: (append: () => Promise<AppendResult>, stream: string) => Promise<AppendResult>,
): EventStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'append') return value.bind(target) as unknown;
      return (...args: Parameters<EventStore['append']>) => around(() => target.append(...args), args[0]);
    },
  });
}

/** Soon: what is swept up after the answer may take a moment. */
export async function nothingLeft(room: SubmissionRoom): Promise<void> {
  const deadline = Date.now() + 25_000;
  while ((await leftInOutbox(room)).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const left = await leftInOutbox(room);
  if (left.length > 0) throw new Error(`left in the outbox: ${left.join()}`);
}
