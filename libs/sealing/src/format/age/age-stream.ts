import { beginAgeFile, unwrapFileKey } from './age-file.ts';
import { MAX_HEADER_BYTES, parseHeader } from './header.ts';
import { HybridIdentity, HybridRecipient } from './hybrid.ts';
import { PayloadOpener } from './payload.ts';

/** 64 stanzas are the most that `parseHeader` reads; a backup of an organisation has two or three. */
const MAX_RECIPIENTS = 16;

/**
 * Bytes of any length as one age file, as they come: each of the recipients' identities opens it, alone. Memory: a chunk and the largest
 * piece. For files that leave the installation; mails are sealed by MailSealer.
 *
 * @param recipients `age1pq1…` each, hybrid and no other kind: who keeps the file for ten years must not open it then
 * @throws TypeError at once for what is no such recipient, for none, and for more than 16
 */
export function sealAgeFile(
  content: AsyncIterable<Uint8Array>,
  recipients: readonly string[],
): AsyncGenerator<Buffer, void, undefined> {
  if (recipients.length < 1 || recipients.length > MAX_RECIPIENTS) {
    throw new TypeError(`an age file is for 1 to ${MAX_RECIPIENTS} recipients, not ${recipients.length}`);
  }
  const parsed = recipients.map((recipient) => HybridRecipient.parse(recipient));
  return sealed(content, parsed);
}

async function* sealed(
  content: AsyncIterable<Uint8Array>,
  recipients: readonly HybridRecipient[],
): AsyncGenerator<Buffer, void, undefined> {
  let ready: Buffer[] = [];
  const { header, payload } = beginAgeFile(recipients, (bytes) => void ready.push(Buffer.from(bytes)));
  const taken = (): Buffer => {
    const bytes = Buffer.concat(ready);
    ready = [];
    return bytes;
  };
  yield Buffer.concat([header, payload.nonce]);
  for await (const piece of content) {
    payload.update(piece);
    if (ready.length > 0) yield taken();
  }
  payload.finish();
  yield taken();
}

/**
 * What is in an age file, as it comes; each piece was checked before it is given, and the end is reached only when nothing of the file is
 * missing. A piece is valid until the next is asked for.
 *
 * @param identities `AGE-SECRET-KEY-PQ-1…` each
 * @throws TypeError at once for what is no such identity; AgeFault, with all of its kinds but `armor`, as the file is read
 */
export function openAgeStream(
  file: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Buffer, void, undefined> {
  const parsed = identities.map((identity) => HybridIdentity.parse(identity));
  return opened(file, parsed);
}

async function* opened(
  file: AsyncIterable<Uint8Array>,
  identities: readonly HybridIdentity[],
): AsyncGenerator<Buffer, void, undefined> {
  let ready: Buffer[] = [];
  let beginning: Buffer | null = Buffer.alloc(0);
  let payload: PayloadOpener | null = null;
  const begin = (bytes: Buffer): PayloadOpener => {
    const header = parseHeader(bytes);
    const fileKey = unwrapFileKey(header, identities);
    const opener = new PayloadOpener(fileKey, (chunk) => void ready.push(Buffer.from(chunk)));
    fileKey.fill(0);
    opener.update(bytes.subarray(header.headerBytes));
    return opener;
  };
  const taken = (): Buffer[] => {
    const pieces = ready;
    ready = [];
    return pieces;
  };
  for await (const piece of file) {
    if (payload === null) {
      beginning = Buffer.concat([beginning ?? Buffer.alloc(0), piece]);
      if (beginning.length < MAX_HEADER_BYTES) continue; // until a header of any length is there
      payload = begin(beginning);
      beginning = null;
    } else {
      payload.update(piece);
    }
    yield* taken();
  }
  payload ??= begin(beginning ?? Buffer.alloc(0));
  yield* taken();
  payload.finish();
  yield* taken();
}
