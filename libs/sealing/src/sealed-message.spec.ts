import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import type { EncryptedPersonalData } from '#libs/keyring';
import { instantOf, newEventId, newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import {
  MessageNotOpenable,
  downloadAttachment,
  messageStream,
  openability,
  recordSealing,
  revokeMessage,
  sealedMessages,
  viewAttachment,
  viewMessage,
} from './sealed-message.ts';
import type { SealedMessage } from './sealed-message.ts';
import type { SealedMessageEvent } from './sealed-message-events.ts';
import type { MessageTerm } from './format/message-terms.ts';

const messageId = 'abcdefghijklmnopqrstuvwxyz234567' as MessageId;
const eventId = newEventId();
const recipientId = newPersonId();
const noon = instantOf('2026-11-22T12:00:00.000Z');
const expiresAt = instantOf('2027-02-20T10:00:00.000Z');

const sealing = {
  messageId,
  organisation: 'Østerå Kommune',
  senderId: newPersonId(),
  recipientId,
  sealingKeyId: 'sealing-1',
  manifestKeyId: 'manifest-1',
  headerSha256: '01'.repeat(32),
  mailBytes: 10,
  mailSha256: '02'.repeat(32),
  ciphertextBytes: 1900,
  ciphertextSha256: '03'.repeat(32),
  sealedAt: instantOf('2026-11-22T10:00:00.000Z'),
  expiresAt,
  sender: 'c2VuZGVy' as EncryptedPersonalData,
  recipient: 'cmVjaXBpZW50' as EncryptedPersonalData,
};
const sealed: SealedMessageEvent = { type: 'MessageSealed', id: eventId, data: sealing };
const revoked: SealedMessageEvent = { type: 'MessageRevoked', data: { revokedAt: noon, revokedBy: 'operator' } };
const signInId = newEventId();
const showing = { eventId: newEventId(), recipientId, method: 'passcode', signInId, now: noon };
const fileName = 'cGxhbnM' as EncryptedPersonalData;
const viewed: SealedMessageEvent = {
  type: 'MessageViewed',
  version: 2,
  id: showing.eventId,
  data: { recipientId, viewedAt: noon, method: 'passcode', signInId, form: 'page' },
};

describe('a sealed message', () => {
  it('is recorded once, with the id its personal data is encrypted under', () =>
    given(sealedMessages)
      .when((state) => recordSealing(state, { ...sealing, eventId }))
      .then(sealed));

  it('is not recorded again when the same seal is submitted again', () =>
    given(sealedMessages, sealed)
      .when((state) => recordSealing(state, { ...sealing, eventId: newEventId() }))
      .then());

  it('never gives its name to another seal', () =>
    given(sealedMessages, sealed)
      .when((state) => recordSealing(state, { ...sealing, eventId, ciphertextSha256: '04'.repeat(32) }))
      .thenThrows('message-already-sealed'));

  it('keeps what was sealed, also once it is revoked', () => {
    const state = [sealed, viewed, revoked].reduce(sealedMessages.evolve, sealedMessages.initialState());
    expect(state).toEqual({ status: 'revoked', revokedAt: noon, ...sealing, eventId });
  });

  it('passes over events that it does not know, and a seal or revocation that comes twice', () => {
    const unknown = { type: 'MessageMoved', data: {} } as unknown as SealedMessageEvent;
    const later: SealedMessageEvent = { type: 'MessageRevoked', data: { revokedAt: expiresAt, revokedBy: 'another' } };
    const state = [unknown, revoked, sealed, sealed, revoked, later, sealed].reduce(
      sealedMessages.evolve,
      sealedMessages.initialState(),
    );
    expect(state).toMatchObject({ status: 'revoked', revokedAt: noon });
  });

  it('has a stream of its own', () => expect(messageStream(messageId)).toBe(`message-${messageId}`));
});

describe('a message is open', () => {
  const stateAfter = (...events: SealedMessageEvent[]): SealedMessage =>
    events.reduce(sealedMessages.evolve, sealedMessages.initialState());

  it('from its sealing until the moment it expires', () => {
    expect(openability(stateAfter(), noon)).toBe('unknown');
    expect(openability(stateAfter(sealed), noon)).toBe('open');
    expect(openability(stateAfter(sealed), instantOf('2027-02-20T09:59:59.999Z'))).toBe('open');
    expect(openability(stateAfter(sealed), expiresAt)).toBe('expired');
  });

  it('never again once it is revoked, whenever one asks', () => {
    expect(openability(stateAfter(sealed, revoked), noon)).toBe('revoked');
    expect(openability(stateAfter(sealed, revoked), expiresAt)).toBe('revoked');
  });
});

describe('viewing', () => {
  const view = (state: SealedMessage) => viewMessage(state, { ...showing, form: 'page' });

  it('is recorded with who, when and how, under an id of its own', () =>
    given(sealedMessages, sealed).when(view).then(viewed));

  it('is recorded anew each time', () => given(sealedMessages, sealed, viewed, viewed).when(view).then(viewed));

  it('records the network address where it is given', () =>
    given(sealedMessages, sealed)
      .when((state) =>
        viewMessage(state, { ...showing, form: 'original', networkAddress: 'bmV0' as EncryptedPersonalData }),
      )
      .then({
        type: 'MessageViewed',
        version: 2,
        id: showing.eventId,
        data: {
          recipientId,
          viewedAt: noon,
          method: 'passcode',
          signInId,
          form: 'original',
          networkAddress: 'bmV0' as EncryptedPersonalData,
        },
      }));

  it.each<[string, SealedMessageEvent[], object, string]>([
    ['a message that nobody sealed', [], {}, 'unknown'],
    ['a revoked message', [sealed, revoked], {}, 'revoked'],
    ['a message revoked between two views', [sealed, viewed, revoked], {}, 'revoked'],
    ['an expired message', [sealed], { now: expiresAt }, 'expired'],
    ["another person's message", [sealed], { recipientId: newPersonId() }, 'other-recipient'],
  ])('of %s is not decided, nor is a download, nor a look at a file', (_, events, change, reason) => {
    const state = events.reduce(sealedMessages.evolve, sealedMessages.initialState());
    for (const decide of [
      () => viewMessage(state, { ...showing, ...change, form: 'page' }),
      () => downloadAttachment(state, { ...showing, ...change, attachmentIndex: 0, fileName }),
      () => viewAttachment(state, { ...showing, ...change, attachmentIndex: 0, kind: 'pdf', fileName }),
    ]) {
      expect(decide).toThrow(MessageNotOpenable);
      expect(decide).toThrow(expect.objectContaining({ code: 'message-not-openable', reason }));
    }
  });

  it('of one attachment is a download', () =>
    given(sealedMessages, sealed)
      .when((state) => downloadAttachment(state, { ...showing, attachmentIndex: 2, fileName }))
      .then({
        type: 'AttachmentDownloaded',
        version: 2,
        id: showing.eventId,
        data: { recipientId, downloadedAt: noon, method: 'passcode', signInId, attachmentIndex: 2, fileName },
      }));

  it('of one attachment in the portal names the file and what it was shown as', () =>
    given(sealedMessages, sealed)
      .when((state) => viewAttachment(state, { ...showing, attachmentIndex: 2, kind: 'image', fileName }))
      .then({
        type: 'AttachmentViewed',
        id: showing.eventId,
        data: {
          recipientId,
          viewedAt: noon,
          method: 'passcode',
          signInId,
          attachmentIndex: 2,
          kind: 'image',
          fileName,
        },
      }));
});

describe('the terms of a message', () => {
  const termed = (...terms: MessageTerm[]): SealedMessageEvent => ({ ...sealed, data: { ...sealing, terms } });
  const reader = 'cmVhZGVy' as EncryptedPersonalData;
  const decisions = {
    page: (state: SealedMessage, change = {}) => viewMessage(state, { ...showing, ...change, form: 'page' }),
    print: (state: SealedMessage, change = {}) => viewMessage(state, { ...showing, ...change, form: 'print' }),
    original: (state: SealedMessage, change = {}) => viewMessage(state, { ...showing, ...change, form: 'original' }),
    saved: (state: SealedMessage, change = {}) =>
      downloadAttachment(state, { ...showing, ...change, attachmentIndex: 0, fileName }),
    looked: (state: SealedMessage, change = {}) =>
      viewAttachment(state, { ...showing, ...change, attachmentIndex: 0, kind: 'pdf', fileName }),
  };
  const allowed = (event: SealedMessageEvent, change = {}) => {
    const state = sealedMessages.evolve(sealedMessages.initialState(), event);
    return Object.entries(decisions).flatMap(([name, decide]) => {
      try {
        return decide(state, change).length > 0 ? [name] : [];
      } catch (error) {
        return [`${name}: ${(error as { reason?: string; code: string }).reason ?? (error as { code: string }).code}`];
      }
    });
  };
  const all = Object.keys(decisions);

  it('forbid nothing where there are none, and where they are about answering and passing on', () => {
    expect(allowed(sealed)).toEqual(all);
    expect(allowed(termed('no-forward', 'no-reply'))).toEqual(all);
  });

  it('keep a message on pages: no print, no file, no attachment saved', () =>
    expect(allowed(termed('no-download'))).toEqual([
      'page',
      'print: download-not-allowed',
      'original: download-not-allowed',
      'saved: download-not-allowed',
      'looked',
    ]));

  it('ask for an account, also of whoever says who they are', () => {
    const refused = all.map((name) => `${name}: account-required`);
    expect(allowed(termed('account'))).toEqual(refused);
    expect(allowed(termed('account'), { reader })).toEqual(refused);
    for (const method of ['microsoft', 'google', 'organisation'])
      expect(allowed(termed('account'), { method })).toEqual(all);
  });

  it('ask who reads at a shared mailbox, unless an account says it', () => {
    expect(allowed(termed('shared-mailbox'))).toEqual(all.map((name) => `${name}: reader-required`));
    expect(allowed(termed('shared-mailbox'), { reader })).toEqual(all);
    expect(allowed(termed('shared-mailbox'), { method: 'organisation' })).toEqual(all);
  });
});

describe('revoking', () => {
  const revoke = (state: SealedMessage) => revokeMessage(state, { now: noon, revokedBy: 'operator' });

  it('is recorded with who and why', () =>
    given(sealedMessages, sealed)
      .when((state) => revokeMessage(state, { now: noon, revokedBy: 'operator', reason: 'wrong recipient' }))
      .then({ type: 'MessageRevoked', data: { revokedAt: noon, revokedBy: 'operator', reason: 'wrong recipient' } }));

  it('twice is one event', () => given(sealedMessages, sealed, revoked).when(revoke).then());

  it('after a view, or after the expiry, is still an event', () => {
    given(sealedMessages, sealed, viewed).when(revoke).then(revoked);
    given(sealedMessages, sealed)
      .when((state) => revokeMessage(state, { now: expiresAt, revokedBy: 'operator' }))
      .then({ type: 'MessageRevoked', data: { revokedAt: expiresAt, revokedBy: 'operator' } });
  });

  it('of a message that nobody sealed is an error', () =>
    given(sealedMessages).when(revoke).thenThrows('unknown-message'));
});
