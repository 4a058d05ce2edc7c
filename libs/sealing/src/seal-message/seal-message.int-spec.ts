import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readState } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { decryptPersonalData } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import type { TemporaryKeyring, TemporaryPersonDirectory } from '#libs/keyring/testing';
import { inPieces, sampleFacts } from '../testing/sealed-sample.ts';
import { MailSealer } from '../format/mail-sealer.ts';
import { openSealedMail } from '../format/open-sealed-mail.ts';
import { messageStream, sealedMessages } from '../sealed-message.ts';
import { SealMessage, SealMessageHandler } from './seal-message.ts';

let events: TemporarySqlite;
let keys: TemporaryKeyring;
let directory: TemporaryPersonDirectory;
let handler: SealMessageHandler;

beforeEach(async () => {
  events = await openTemporarySqlite();
  keys = await temporaryKeyring();
  directory = await temporaryPersonDirectory(keys.keyring);
  handler = new SealMessageHandler(events.store, directory.persons);
});

afterEach(async () => {
  await directory.remove();
  await keys.remove();
  await events.cleanUp();
});

const mail = Buffer.from('Subject: Afgørelse\r\n\r\nKære Anna\r\n');

function seal(): { sealer: MailSealer; ciphertext: Buffer } {
  const sealer = newSealer();
  const parts: Buffer[] = [];
  for (const step of [() => sealer.begin(), () => sealer.update(mail), () => sealer.finish()])
    parts.push(Buffer.from(step()));
  return { sealer, ciphertext: Buffer.concat(parts) };
}

function newSealer(): MailSealer {
  const { keyring } = keys;
  return new MailSealer({
    recipient: keyring.sealingRecipient(),
    signer: keyring.manifestSigner(),
    facts: sampleFacts,
  });
}

describe('SealMessage', () => {
  it('records a seal that opens again with what the record says and the keyring has', async () => {
    const { sealer, ciphertext } = seal();
    const messageId = await handler.execute(new SealMessage(sealer, { mailSubject: 'Afgørelse', submissionId: 's-1' }));

    const { state } = await readState(events.store, messageStream(messageId), sealedMessages);
    if (state.status !== 'sealed') throw new Error(`recorded as ${state.status}`);
    expect(state).toMatchObject({
      organisation: sampleFacts.organisation,
      mailBytes: mail.length,
      submissionId: 's-1',
    });

    const recipient = await directory.persons.findById(state.recipientId);
    const sender = await directory.persons.findById(state.senderId);
    if (recipient === null || sender === null) throw new Error('nobody');
    expect(decryptPersonalData(recipient, state.eventId, 'recipient', state.recipient)).toBe(sampleFacts.recipient);
    expect(decryptPersonalData(sender, state.eventId, 'sender', state.sender)).toBe(sampleFacts.sender);
    expect(state.mailSubject && decryptPersonalData(recipient, state.eventId, 'mailSubject', state.mailSubject)).toBe(
      'Afgørelse',
    );

    const identity = keys.keyring.sealingIdentity(state.sealingKeyId);
    if (identity === null) throw new Error('no identity');
    const opened = await openSealedMail(inPieces(ciphertext), {
      identity,
      verifierFor: (keyId) => keys.keyring.manifestVerifier(keyId),
      recorded: state,
      recipient: sampleFacts.recipient,
      sender: sampleFacts.sender,
    });
    expect(opened.mail.equals(mail)).toBe(true);
  });

  it('records the same seal once, however often it is asked to', async () => {
    const { sealer } = seal();
    await handler.execute(new SealMessage(sealer));
    await handler.execute(new SealMessage(sealer));
    const recorded = await Array.fromAsync(events.store.readStream(messageStream(sealer.messageId)));
    expect(recorded.map(({ type }) => type)).toEqual(['MessageSealed']);
  });

  it('writes no address and no subject in clear', async () => {
    const { sealer } = seal();
    await handler.execute(new SealMessage(sealer, { mailSubject: 'Afgørelse' }));
    const [recorded] = await Array.fromAsync(events.store.readStream(messageStream(sealer.messageId)));
    const bytes = Buffer.from(recorded?.bytes ?? []).toString('utf8');
    expect(bytes).toContain('MessageSealed');
    for (const marker of ['anna', 'sagsbehandler', '@', 'Afg']) expect(bytes).not.toContain(marker);
  });

  it('takes no seal that is not finished', async () => {
    const sealer = newSealer();
    await expect(handler.execute(new SealMessage(sealer))).rejects.toThrow('finished');
  });
});
