import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { MessageId } from '#libs/vocabulary';
import { DecryptView, DecryptViewHandler } from './decrypt-view/decrypt-view.ts';
import type { Asking } from './known-messages.ts';
import { sealedMessagesHere } from './testing/sealed-message-here.ts';

const COUNT = 33;
const FILE_BYTES = 60_000;
const contents = Array.from({ length: COUNT }, () => randomBytes(FILE_BYTES));
const mail = Buffer.from(
  `From: bo@example.org\r\nSubject: Files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere.\r\n${contents
    .map(
      (content, at) =>
        `--b\r\nContent-Type: application/octet-stream; name="${at}.bin"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n${content.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
    )
    .join('')}--b--\r\n`,
);

describe('the files of a message', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  let asking: Asking;
  beforeAll(async () => {
    here = await sealedMessagesHere();
    asking = await here.signIn();
  });
  afterAll(() => here.close());
  afterEach(() => void jest.restoreAllMocks());

  async function viewed(): Promise<MessageId> {
    const messageId = await here.handIn((await here.seal(mail)).ciphertext);
    const handler = new DecryptViewHandler(here.messages, here.reader, here.files, here.turns);
    await handler.execute(new DecryptView(messageId, asking));
    return messageId;
  }

  const namesAndBytes = async (messageId: MessageId, indexes: readonly number[]) =>
    (await here.files.take(messageId, indexes, asking)).files.map(({ filename, content }) => [
      filename,
      content.toString('base64'),
    ]);

  it('are those of the mail, and cost what they are: nothing is read of the mail beside them', async () => {
    const messageId = await viewed();
    const reading = jest.spyOn(here.reader, 'attachments');
    const whole = jest.spyOn(here.waiting, 'read');
    const ranges = jest.spyOn(here.waiting, 'readRange');
    for (let at = 0; at < COUNT; at++) {
      expect(await namesAndBytes(messageId, [at + 1])).toEqual([[`${at}.bin`, contents[at]?.toString('base64')]]);
    }
    expect(reading).not.toHaveBeenCalled();
    expect(whole).not.toHaveBeenCalled();
    const opened = ranges.mock.calls.reduce((sum, [, start, end]) => sum + end - start, 0);
    expect(opened / mail.length).toBeLessThan(4); // 33 whole openings would be 33

    ranges.mockClear();
    expect(
      await namesAndBytes(
        messageId,
        contents.map((_, at) => at + 1),
      ),
    ).toEqual(contents.map((content, at) => [`${at}.bin`, content.toString('base64')]));
    expect(reading).not.toHaveBeenCalled();
  });

  it('are cut out of the whole mail where it is not known where they lie, with the same names and bytes', async () => {
    const messageId = await here.handIn((await here.seal(mail)).ciphertext);
    const whole = jest.spyOn(here.waiting, 'read');
    expect(await namesAndBytes(messageId, [1, 33])).toEqual([
      ['0.bin', contents[0]?.toString('base64')],
      ['32.bin', contents[32]?.toString('base64')],
    ]);
    expect(whole).toHaveBeenCalledTimes(1);
    await expect(here.files.take(messageId, [1, 99], asking)).rejects.toMatchObject({ code: 'no-such-attachment' });
  });

  it('are not given from places that say something else', async () => {
    const messageId = await viewed();
    const places = (await here.waiting.placesOf(messageId)) ?? [];
    await here.waiting.rememberPlaces(
      messageId,
      places.map((place) => ({ ...place, bytes: place.bytes - 1 })),
    );
    expect(await namesAndBytes(messageId, [1])).toEqual([['0.bin', contents[0]?.toString('base64')]]);
  });

  it('are gone, and where they lay forgotten, when the reader has finished; a revocation ends them as well', async () => {
    const messageId = await viewed();
    await here.messages.forgetFor(messageId, asking);
    expect(await here.waiting.placesOf(messageId)).toBeNull();
    await expect(here.files.take(messageId, [1], asking)).rejects.toMatchObject({ reason: 'not-waiting' });
    const other = await viewed();
    await here.revoke(other);
    await expect(here.files.take(other, [1], asking)).rejects.toMatchObject({ reason: 'revoked' });
  });

  it('are not opened when what waits was altered meanwhile', async () => {
    const messageId = await viewed();
    const readRange = here.waiting.readRange.bind(here.waiting);
    jest.spyOn(here.waiting, 'readRange').mockImplementation(async (id, start, end) => {
      const pieces = await readRange(id, start, end);
      const bytes = Buffer.concat(pieces === null ? [] : await Array.fromAsync(pieces));
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
      return (async function* () {
        yield bytes;
      })();
    });
    await expect(here.files.take(messageId, [9], asking)).rejects.toMatchObject({ reason: 'seal-broken' });
  });
});
