/**
 * Histories as organisations make them, from a seed: mails sealed by a few busy systems and many people, opened with codes or accounts,
 * read again, downloaded, refused, revoked. Personal data is random text of the length that encryption makes.
 */
import type { EventId, MessageId, PersonId } from '#libs/vocabulary';

export interface HistoryRecord {
  /** The stored bytes. */
  readonly bytes: Uint8Array;
}

export interface History {
  /** Some of what it holds, to ask for. */
  readonly messageIds: MessageId[];
  readonly recipientIds: PersonId[];
  readonly senderIds: PersonId[];
  readonly submissionIds: string[];
  records(events: number): Generator<HistoryRecord>;
}

/** A person receives some thirty mails; every tenth mail is of one system. */
const MAILS_A_RECIPIENT = 30;
const SENDERS = 200;
const KEPT = 5000;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const METHODS = ['passcode', 'passcode', 'passcode', 'microsoft', 'google', 'organisation'] as const;
const REASONS = [
  'sent to the wrong company',
  'wrong attachment, case 4711',
  'the offer was withdrawn',
  'asked for by the sender',
];

export function historyOf(seed: number): History {
  const random = mulberry32(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const text = (length: number): string => Array.from({ length }, () => BASE32[below(32)]).join('');
  const secret = text(4000);
  const encrypted = (): string => {
    const from = below(3800);
    return `A${secret.slice(from, from + 170)}`;
  };
  const hex = (): string => (text(12) + text(52)).replaceAll(/[g-z]/g, '7');
  const eventId = (): EventId => {
    const digits = Array.from({ length: 32 }, () => '0123456789abcdef'[below(16)]).join('');
    return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5') as EventId;
  };
  const senderIds = Array.from({ length: SENDERS }, () => text(26) as PersonId);
  const recipientIds: PersonId[] = [];
  const messageIds: MessageId[] = [];
  const submissionIds: string[] = [];
  const revisions = new Map<string, number>();
  let at = Date.parse('2016-01-01T08:00:00Z');

  const record = (
    stream: string,
    type: string,
    data: object,
    { id = eventId(), version = 1, seconds = 2 } = {},
  ): HistoryRecord => {
    at += below(seconds * 1000);
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    const time = new Date(at).toISOString();
    const written = { data, id, revision, stream, time, type, ...(version > 1 && { version }) };
    return { bytes: Buffer.from(JSON.stringify(written)) };
  };
  const now = (): string => new Date(at).toISOString();

  function* mail(): Generator<HistoryRecord> {
    const messageId = text(32) as MessageId;
    const senderId = senderIds[random() < 0.3 ? 0 : below(SENDERS)] as PersonId;
    if (random() < 1 / MAILS_A_RECIPIENT || recipientIds.length === 0) recipientIds.push(text(26) as PersonId);
    const recipientId = recipientIds[below(recipientIds.length)] as PersonId;
    if (messageIds.length < KEPT) messageIds.push(messageId);
    else messageIds[below(KEPT)] = messageId;
    const submissionId = text(32);
    if (submissionIds.length < KEPT) submissionIds.push(submissionId);
    const stream = `message-${messageId}`;
    const digests = { headerSha256: hex(), mailSha256: hex(), ciphertextSha256: hex() };
    const names = { messageId, organisation: 'Nordlys A/S', senderId, recipientId, submissionId };
    const keys = {
      sealingKeyId: 'sealing-1',
      manifestKeyId: 'manifest-1',
      mailBytes: below(1e6),
      ciphertextBytes: below(1e6),
    };
    const personal = { sender: encrypted(), recipient: encrypted(), mailSubject: encrypted() };
    yield record(stream, 'MessageSealed', {
      ...names,
      ...keys,
      ...digests,
      ...personal,
      sealedAt: now(),
      expiresAt: now(),
    });
    yield record(`submission-${submissionId}`, 'SubmissionAccepted', {
      ...{ clientId: 'archive', requestSha256: hex(), acceptedAt: now(), delivery: 'relay' },
      messages: [{ recipientId, messageId }],
    });
    for (let visit = below(3); visit > 0; visit--) yield* visitOf(messageId, recipientId);
    if (random() < 0.005) {
      const reason = REASONS[below(REASONS.length)];
      yield record(stream, 'MessageRevoked', { revokedAt: now(), revokedBy: 'compliance', reason });
      yield record(`openings-${messageId}`, 'ViewDenied', { messageId, reason: 'revoked', deniedAt: now() });
    }
  }

  function* visitOf(messageId: MessageId, personId: PersonId): Generator<HistoryRecord> {
    yield record(`openings-${messageId}`, 'CarrierOpened', { messageId, openedAt: now() });
    const method = METHODS[below(METHODS.length)] ?? 'passcode';
    const challengeId = method === 'passcode' ? text(26) : null;
    if (challengeId !== null) {
      const code = { challengeId, codeNumber: 1, form: 'short' };
      const codes = `passcodes-${personId}`;
      yield record(codes, 'OtpIssued', {
        ...code,
        networkTag: text(22),
        issuedAt: now(),
        expiresAt: now(),
        budget: 'message',
      });
      yield record(codes, 'OtpDelivered', { challengeId, codeNumber: 1, deliveredAt: now(), tries: 1 });
      if (random() < 0.1)
        yield record(codes, 'OtpRejected', { ...code, rejectedAt: now(), reason: 'wrong', budget: 'message' });
      yield record(codes, 'OtpAccepted', { ...code, acceptedAt: now() });
    }
    const signInId = eventId();
    const issuer = 'https://post.nordlys.example/oidc';
    const signIn = { personId, method, issuer, challengeId, authenticatedAt: now(), networkAddress: encrypted() };
    yield record(`signins-${personId}`, 'RecipientAuthenticated', signIn, { id: signInId, version: 2 });
    const shown = { recipientId: personId, method, signInId, networkAddress: encrypted() };
    for (let view = 1 + below(2); view > 0; view--)
      yield record(
        `message-${messageId}`,
        'MessageViewed',
        { ...shown, viewedAt: now(), form: 'page' },
        { version: 2, seconds: 60 },
      );
    if (random() < 0.4) {
      const file = { attachmentIndex: 0, fileName: encrypted(), downloadedAt: now() };
      yield record(`message-${messageId}`, 'AttachmentDownloaded', { ...shown, ...file }, { version: 2 });
    }
  }

  return {
    ...{ messageIds, recipientIds, senderIds, submissionIds },
    *records(events) {
      for (let made = 0; ;) {
        for (const one of mail()) {
          if (made++ === events) return;
          yield one;
        }
      }
    },
  };
}

/** A small generator of the public domain (Tommy Ettinger): the same history from the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
