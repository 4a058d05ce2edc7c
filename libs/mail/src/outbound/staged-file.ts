import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, parseMailAddress, parseMessageId } from '#libs/vocabulary';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';

/** What is known of a carrier in the outbox; the first line of its file. */
export interface CarrierEnvelope {
  readonly messageId: MessageId;
  /** Names the submission it came with; whether that was accepted decides what becomes of a carrier that a crash left behind. */
  readonly submissionId: string;
  readonly mailFrom: MailAddress | '';
  /** Who wrote, since the reverse path may be an address for bounces. Absent in files of releases before there were such. */
  readonly sender?: MailAddress;
  readonly rcptTo: MailAddress;
  /** Its header holds UTF-8 (RFC 6532). Absent: it does not. */
  readonly smtpUtf8?: true;
  readonly stagedAt: Instant;
}

/** The disk does not take a carrier, or does not give it back. */
export class OutboxUnavailable extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('outbox-unavailable', reason, options);
  }
}

/** 8 KiB: an envelope is some 700 bytes at its longest. */
const MAX_ENVELOPE_BYTES = 8 * 1024;
const PIECE_BYTES = 64 * 1024;

/** A carrier on its way into the outbox: `write` as it comes, `finish`, then it waits to be committed or discarded. */
export class StagedFile {
  readonly envelope: CarrierEnvelope;
  readonly wholePath: string;
  private readonly partPath: string;
  private file: FileHandle | null;

  private constructor(base: string, envelope: CarrierEnvelope, file: FileHandle | null) {
    this.partPath = `${base}.part`;
    this.wholePath = `${base}.whole`;
    this.envelope = envelope;
    this.file = file;
  }

  static async create(base: string, envelope: CarrierEnvelope): Promise<StagedFile> {
    const staged = new StagedFile(base, envelope, await open(`${base}.part`, 'wx', 0o600));
    await staged.write(Buffer.from(`${JSON.stringify(envelope)}\n`));
    return staged;
  }

  static async found(base: string): Promise<StagedFile> {
    return new StagedFile(base, (await readEnvelope(`${base}.whole`)).envelope, null);
  }

  /** The bytes may be used again once this resolves. @throws OutboxUnavailable */
  async write(bytes: Uint8Array): Promise<void> {
    await guarded('cannot take a carrier', async () => {
      for (let start = 0; start < bytes.length;) {
        const { bytesWritten } = await (this.file as FileHandle).write(bytes, start);
        start += bytesWritten;
      }
    });
  }

  /** Durable when this resolves. @throws OutboxUnavailable */
  async finish(): Promise<void> {
    await guarded('cannot take a carrier', async () => {
      await this.file?.sync();
      await this.file?.close();
      this.file = null;
      await rename(this.partPath, this.wholePath);
      await syncDirectory(join(this.wholePath, '..'));
    });
  }

  /** Leaves nothing behind; may be called at any time, also twice. */
  async discard(): Promise<void> {
    await this.file?.close().catch(() => undefined);
    this.file = null;
    await rm(this.partPath, { force: true });
    await rm(this.wholePath, { force: true });
  }
}

/** @throws OutboxUnavailable when the file cannot be read or does not begin with an envelope */
export async function readEnvelope(
  path: string,
): Promise<{ envelope: CarrierEnvelope; contentBytes: number; content: () => AsyncIterable<Uint8Array> }> {
  return guarded('holds a file that it cannot read', async () => {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_ENVELOPE_BYTES), 0, MAX_ENVELOPE_BYTES, 0);
      const lineEnd = buffer.subarray(0, bytesRead).indexOf('\n');
      const envelope = envelopeOf(JSON.parse(buffer.toString('utf8', 0, lineEnd)) as EnvelopeLine);
      const { size } = await file.stat();
      const start = lineEnd + 1;
      const content = () => createReadStream(path, { start, highWaterMark: PIECE_BYTES });
      return { envelope, contentBytes: size - start, content };
    } finally {
      await file.close();
    }
  });
}

/** Null when the file went elsewhere meanwhile, or is being begun. @throws OutboxUnavailable */
export async function envelopeIn(path: string): Promise<CarrierEnvelope | null> {
  try {
    return (await readEnvelope(path)).envelope;
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' || cause instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Whether an address stands anywhere in a file, in capitals or not, in a header or in the line of JSON that its envelope is; false when the
 * file went elsewhere meanwhile.
 */
export async function holdsAddress(path: string, address: MailAddress): Promise<boolean> {
  const wanted = [address, JSON.stringify(address).slice(1, -1)];
  const decoder = new TextDecoder();
  let before = '';
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
      const here = before + decoder.decode(piece as Buffer, { stream: true }).toLowerCase();
      if (wanted.some((each) => here.includes(each))) return true;
      before = here.slice(-2 * address.length);
    }
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new OutboxUnavailable('the outbox holds a file that it cannot read', { cause: error });
  }
}

type EnvelopeLine = Partial<Record<keyof CarrierEnvelope, string>>;

function envelopeOf(line: EnvelopeLine): CarrierEnvelope {
  const messageId = parseMessageId(line.messageId ?? '');
  if (messageId === null) throw new TypeError('no envelope');
  return {
    messageId,
    submissionId: line.submissionId ?? '',
    mailFrom: line.mailFrom === '' ? '' : parseMailAddress(line.mailFrom ?? ''),
    ...(line.sender !== undefined && { sender: parseMailAddress(line.sender) }),
    rcptTo: parseMailAddress(line.rcptTo ?? ''),
    ...(line.smtpUtf8 !== undefined && { smtpUtf8: true }),
    stagedAt: line.stagedAt as Instant,
  };
}

/** A rename is durable once its directory is. Some systems cannot sync one, and need not. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What goes wrong on the disk has one name. */
export async function guarded<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof OutboxUnavailable) throw cause;
    throw new OutboxUnavailable(`the outbox ${what}`, { cause });
  }
}
