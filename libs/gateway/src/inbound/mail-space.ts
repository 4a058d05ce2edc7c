import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, Unprintable } from '#libs/vocabulary';
import type { StoredMail } from '../outgoing-mail.ts';

/** 256 KiB: most letters. What is larger goes to the disk as it comes. */
const IN_MEMORY_BYTES = 256 * 1024;
const BLOCK_BYTES = 64 * 1024;
const TAG_BYTES = 16;

/** Half of all room is for clients alone: mail that anybody may send has the other half, and leaves it to them when it is free. */
const SHARE_OF_STRANGERS = 1 / 2;

/** Who a mail comes from: a client of ours, or anybody, to an address of our own. */
export type MailOf = 'client' | 'stranger';

/** All mails under way together are as large as they may be: the sender tries again. */
export class NoMailSpace extends DomainError {
  constructor() {
    super('no-mail-space', 'too much mail is under way');
  }
}

/**
 * Room for mails while they are passed on: small ones in memory, large ones in a file that has no name any more and is enciphered
 * under a key that exists in memory alone, so that neither a crash nor a copy of the disk leaves any of it behind.
 */
export class MailSpace {
  private usedBytes = 0;
  private strangersBytes = 0;

  /**
   * @param directory made where it is missing, for its owner alone
   * @param maxBytes of all mails together
   */
  constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Whether a mail of that size would fit now. */
  hasRoomFor(bytes: number, of: MailOf = 'client'): boolean {
    if (this.usedBytes + bytes > this.maxBytes) return false;
    return of === 'client' || this.strangersBytes + bytes <= this.maxBytes * SHARE_OF_STRANGERS;
  }

  /** A mail that is about to come. Whoever asked releases it, however it ends. */
  begin(of: MailOf = 'client'): IncomingMail {
    return new IncomingMail(this.directory, (bytes) => this.reserve(bytes, of));
  }

  private reserve(bytes: number, of: MailOf): void {
    if (bytes > 0 && !this.hasRoomFor(bytes, of)) throw new NoMailSpace();
    this.usedBytes += bytes;
    if (of === 'stranger') this.strangersBytes += bytes;
  }
}

/** One mail while it comes in, and afterwards. One write at a time; none after `content` was called. */
export class IncomingMail extends Unprintable implements StoredMail {
  private readonly key = randomBytes(32);
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  private file: FileHandle | null = null;
  private blocks = 0;
  private isReleased = false;
  bytes = 0;

  /** @param reserve bytes more, or with a minus fewer; throws NoMailSpace */
  constructor(
    private readonly directory: string,
    private readonly reserve: (bytes: number) => void,
  ) {
    super();
  }

  /** @throws NoMailSpace; whatever the disk throws */
  async write(piece: Buffer): Promise<void> {
    this.reserve(piece.length);
    this.bytes += piece.length;
    this.pieces.push(Buffer.from(piece)); // its own copy: the piece is part of a larger buffer
    this.pieceBytes += piece.length;
    if (this.file === null && this.pieceBytes <= IN_MEMORY_BYTES) return;
    this.file ??= await this.openNameless();
    while (this.pieceBytes >= BLOCK_BYTES) await this.writeBlock();
  }

  async *content(): AsyncIterable<Uint8Array> {
    const { file } = this;
    for (let block = 0; block < this.blocks && file !== null; block++) yield await this.readBlock(file, block);
    for (const piece of this.pieces) yield piece;
  }

  async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    this.reserve(-this.bytes);
    this.pieces = [];
    this.key.fill(0);
    await this.file?.close();
  }

  private async openNameless(): Promise<FileHandle> {
    const path = join(this.directory, randomBytes(16).toString('hex'));
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  }

  private async writeBlock(): Promise<void> {
    const all = Buffer.concat(this.pieces);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonceOf(this.blocks));
    const block = Buffer.concat([cipher.update(all.subarray(0, BLOCK_BYTES)), cipher.final(), cipher.getAuthTag()]);
    await this.file?.write(block, 0, block.length, this.blocks * block.length);
    this.blocks += 1;
    this.pieces = [all.subarray(BLOCK_BYTES)];
    this.pieceBytes = all.length - BLOCK_BYTES;
  }

  private async readBlock(file: FileHandle, block: number): Promise<Buffer> {
    const bytes = BLOCK_BYTES + TAG_BYTES;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, block * bytes);
    if (bytesRead !== bytes) throw new Error('a stored mail has lost a block');
    const decipher = createDecipheriv('aes-256-gcm', this.key, nonceOf(block));
    decipher.setAuthTag(buffer.subarray(BLOCK_BYTES));
    return Buffer.concat([decipher.update(buffer.subarray(0, BLOCK_BYTES)), decipher.final()]);
  }
}

/** The key is of one mail alone, so that the number of the block is enough. */
function nonceOf(block: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(block, 8);
  return nonce;
}
