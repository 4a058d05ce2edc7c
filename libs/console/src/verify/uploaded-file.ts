import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { PageError, pacedBody, requestFacts } from '#libs/web-ui';

/** 256 MiB: some 250,000 events. What is larger is verified by the command, which takes any size. */
export const MAX_VERIFIED_BYTES = 256 * 1024 * 1024;
/** As at the portal (`uploads.silenceSeconds`). */
const SILENCE_SECONDS = 10;

/**
 * The one file in a form, after its CSRF field, on disk under no name: it is gone when its handle is closed, however this process ends.
 *
 * @param directory where there is room for it; only its owner reads there
 * @throws PageError 400 without a file, 403 without the token, 413, 415; BodyTooSlow; what the file system throws
 */
export async function uploadedFile(request: IncomingMessage, directory: string): Promise<FileHandle> {
  const { file, arrived } = await openedFile(request);
  const handle = await unnamedFile(directory);
  try {
    for await (const piece of file as AsyncIterable<Buffer>) await handle.appendFile(piece);
    if ((file as { truncated?: boolean }).truncated === true) throw new PageError(413, 'console.verify.tooLarge');
    await arrived;
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function unnamedFile(directory: string): Promise<FileHandle> {
  const path = join(directory, `verify-${randomUUID()}`);
  const handle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return handle;
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
