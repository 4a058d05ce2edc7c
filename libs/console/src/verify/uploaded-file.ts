import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import busboy from 'busboy';
import { PageError, pacedBody, requestFacts } from '#libs/web-ui';

/** 32 MiB: some 30,000 events. What is larger is verified by the command, which takes any size. */
export const MAX_VERIFIED_BYTES = 32 * 1024 * 1024;
/** As at the portal (`uploads.silenceSeconds`). */
const SILENCE_SECONDS = 10;

/**
 * The lines of the one file in a form, after its CSRF field, as they arrive. Nothing of it is kept. Between two pieces others have
 * their turn, so that a large file holds nobody up.
 *
 * @throws PageError 400 without a file, 403 without the token, 413, 415; BodyTooSlow
 */
export async function* uploadedLines(request: IncomingMessage): AsyncGenerator<string> {
  const { file, arrived } = await openedFile(request);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of file as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
    await nextTurn();
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
  if ((file as { truncated?: boolean }).truncated === true) throw new PageError(413, 'console.verify.tooLarge');
  await arrived;
}

async function openedFile(request: IncomingMessage): Promise<{ file: Readable; arrived: Promise<void> }> {
  const parser = parserFor(request);
  let isOurs = false;
  const opened = new Promise<Readable>((resolve, reject) => {
    parser.on('field', (name, value) => (isOurs ||= name === 'csrf' && requestFacts(request).isCsrfToken(value)));
    parser.on('file', (_name, file, { filename }) => {
      if (isOurs && filename !== undefined && filename !== '') return resolve(file);
      file.resume();
      reject(isOurs ? new PageError(400, 'console.verify.noFileChosen') : new PageError(403, 'error.formExpired'));
    });
    parser.on('close', () => reject(new PageError(400, 'console.verify.noFileChosen')));
    parser.on('error', () => reject(new PageError(400)));
  });
  const arrived = pipeline(Readable.from(pacedBody(request, SILENCE_SECONDS)), parser);
  arrived.catch(() => undefined); // told to who waits for it
  const file = await Promise.race([opened, arrived.then(() => opened)]);
  arrived.catch((error: Error) => file.destroy(error));
  return { file, arrived };
}

function parserFor({ headers }: IncomingMessage): busboy.Busboy {
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';');
  const isForm = mediaType.trim().toLowerCase() === 'multipart/form-data';
  if (!isForm || (headers['content-encoding'] ?? 'identity') !== 'identity') throw new PageError(415);
  if (Number(headers['content-length'] ?? 0) > MAX_VERIFIED_BYTES + 4096)
    throw new PageError(413, 'console.verify.tooLarge');
  try {
    return busboy({ headers, limits: { files: 1, fields: 1, parts: 3, fieldSize: 200, fileSize: MAX_VERIFIED_BYTES } });
  } catch {
    throw new PageError(400); // without a boundary
  }
}
