import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EventStoreUnavailable } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { decryptPersonalData } from '#libs/keyring';
import { messageStream } from '#libs/sealing';
import type { EncryptedPersonalData, MessageId, PersonId } from '#libs/vocabulary';
import { openingsStream } from '../access-events.ts';
import { sealedMessagesHere } from '../testing/sealed-message-here.ts';
import { DownloadAttachment, DownloadAttachmentHandler } from './download-attachment.ts';
import { DownloadFiles, DownloadFilesHandler } from './download-files.ts';

const mail = [
  'From: bo@example.org',
  'Subject: Plans',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'Meet at noon.',
  '--b',
  'Content-Type: text/html; name="../plans.html"',
  'Content-Disposition: attachment; filename="../plans.html"',
  '',
  '<script>alert(1)</script>',
  '--b--',
  '',
].join('\r\n');

/** The index of the file in that mail: the parts are counted through it. */
const FILE = 1;

describe('saving a file of a message', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  let handler: DownloadAttachmentHandler;
  beforeAll(async () => {
    here = await sealedMessagesHere();
    handler = new DownloadAttachmentHandler(here.messages, here.files, here.turns);
  });
  afterAll(() => here.close());
  afterEach(() => void jest.restoreAllMocks());

  async function waitingMessage(): Promise<MessageId> {
    const { ciphertext } = await here.seal(mail);
    return here.handIn(ciphertext);
  }

  it('is recorded for each, with which one and from where, and gives its very bytes under a cleaned name', async () => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    const file = await handler.execute(new DownloadAttachment(messageId, FILE, asking));
    expect(file.filename).toBe('plans.html');
    expect(Buffer.from(file.content).toString()).toBe('<script>alert(1)</script>');
    await handler.execute(new DownloadAttachment(messageId, FILE, asking));
    const original = await handler.execute(new DownloadAttachment(messageId, 'original', asking));
    expect(Buffer.from(original.content).toString()).toBe(mail);

    const events = await Array.fromAsync(here.store.readStream(messageStream(messageId)));
    expect(events.slice(1).map(({ type, data }) => ({ type, ...data }))).toEqual([
      expect.objectContaining({ type: 'AttachmentDownloaded', attachmentIndex: FILE, method: 'passcode' }),
      expect.objectContaining({ type: 'AttachmentDownloaded', attachmentIndex: FILE }),
      expect.objectContaining({ type: 'MessageViewed', form: 'original' }),
    ]);
    const { id, data } = events[1] as RecordedEvent;
    const { fileName, recipientId } = data as { fileName: EncryptedPersonalData; recipientId: PersonId };
    const person = await here.persons.findById(recipientId);
    expect(person && decryptPersonalData(person, id, 'fileName', fileName)).toBe('plans.html');
    expect(new Set(events.map(({ id }) => id)).size).toBe(4); // an id of its own for each answer
  });

  it.each([
    ['a file', FILE],
    ['the whole mail', 'original'],
  ] as const)('%s: nothing leaves that cannot be recorded', async (_, attachment) => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    jest.spyOn(here.store, 'append').mockRejectedValue(new EventStoreUnavailable('away'));
    await expect(handler.execute(new DownloadAttachment(messageId, attachment, asking))).rejects.toMatchObject({
      code: 'event-store-unavailable',
    });
  });

  it.each([
    ['a file', FILE],
    ['the whole mail', 'original'],
  ] as const)('%s: nothing leaves after a revocation, nor to who has proven nothing', async (_, attachment) => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    const stranger = { sessionId: 'a-stranger', networkAddress: null, hasOpened: true };
    await expect(handler.execute(new DownloadAttachment(messageId, attachment, stranger))).rejects.toMatchObject({
      reason: 'not-proven',
    });
    await here.revoke(messageId);
    await expect(handler.execute(new DownloadAttachment(messageId, attachment, asking))).rejects.toMatchObject({
      reason: 'revoked',
    });
    expect(await here.typesOf(messageStream(messageId))).toEqual(['MessageSealed', 'MessageRevoked']);
    expect(await here.typesOf(openingsStream(messageId))).toEqual(['CarrierOpened', 'ViewDenied', 'ViewDenied']);
  });

  it('that the message does not have is no download', async () => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    await expect(handler.execute(new DownloadAttachment(messageId, 7, asking))).rejects.toMatchObject({
      code: 'no-such-attachment',
    });
    expect(await here.typesOf(messageStream(messageId))).toEqual(['MessageSealed']);
  });

  const twoFiles = [
    'From: bo@example.org',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    ...['one', 'two'].flatMap((words) => [
      '--b',
      'Content-Type: application/pdf',
      'Content-Disposition: attachment; filename="plan.pdf"',
      '',
      words,
    ]),
    '--b--',
    '',
  ].join('\r\n');

  it('records each of several that leave at once, and none where one is missing', async () => {
    const all = new DownloadFilesHandler(here.messages, here.files, here.turns);
    const { ciphertext } = await here.seal(twoFiles);
    const messageId = await here.handIn(ciphertext);
    const asking = await here.signIn();
    await expect(all.execute(new DownloadFiles(messageId, [0, 7], asking))).rejects.toMatchObject({
      code: 'no-such-attachment',
    });
    const { files } = await all.execute(new DownloadFiles(messageId, [0, 1, 1], asking));
    expect(files.map(({ content }) => Buffer.from(content).toString())).toEqual(['one', 'two']);
    const events = await Array.fromAsync(here.store.readStream(messageStream(messageId)));
    expect(events.slice(1).map(({ type, data }) => ({ type, ...data }))).toEqual([
      expect.objectContaining({ type: 'AttachmentDownloaded', attachmentIndex: 0, method: 'passcode' }),
      expect.objectContaining({ type: 'AttachmentDownloaded', attachmentIndex: 1, method: 'passcode' }),
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  });
});
