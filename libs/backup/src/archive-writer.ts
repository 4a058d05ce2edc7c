import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { BackupManifest } from './backup-form.ts';

export interface EntryContent {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  content(): AsyncIterable<Uint8Array>;
}

/** The tar archive of a backup as it is written: `bytes` is read by one, entries are added one after another by another. */
export class ArchiveWriter {
  readonly entries: BackupManifest['entries'] = [];
  private readonly archive = pack();

  bytes(): AsyncIterable<Buffer> {
    return this.archive;
  }

  addText(name: string, text: string, modifiedMs: number): Promise<void> {
    return this.addBytes(name, Buffer.from(text), modifiedMs);
  }

  addBytes(name: string, bytes: Uint8Array, modifiedMs: number): Promise<void> {
    return this.add({ name, bytes: bytes.length, modifiedMs, content: () => Readable.from([bytes]) });
  }

  /** Resolves once the reader has taken nearly all of it: memory does not grow with an entry. Files are their owner's alone. */
  async add({ name, bytes, modifiedMs, content }: EntryContent): Promise<void> {
    const hash = createHash('sha256');
    const header = { name, size: bytes, mode: 0o600, mtime: new Date(modifiedMs), type: 'file' as const };
    const hashed = async function* () {
      for await (const piece of content()) {
        hash.update(piece);
        yield piece;
      }
    };
    if (bytes === 0)
      await new Promise<void>((done, fail) =>
        this.archive.entry(header, '', (error) => (error ? fail(error) : done())),
      );
    else await pipeline(Readable.from(hashed()), this.archive.entry(header));
    this.entries.push({ name, bytes, sha256: hash.digest('hex') });
  }

  finish(): void {
    this.archive.finalize();
  }

  /** Whoever reads learns why there is no more. */
  fail(error: Error): void {
    this.archive.destroy(error);
  }
}
