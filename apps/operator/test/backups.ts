import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { segl } from './captured-terminal.ts';
import type { Ran, RunOptions } from './captured-terminal.ts';
import type { Installation } from './installation.ts';

/** An installation with a key for its backups beside it, and what the tests do with both. */
export class BackedUp {
  readonly identity: string;
  readonly file: string;
  readonly target: string;
  private recipient = '';

  private constructor(readonly home: Installation) {
    this.identity = join(home.directory, 'backup.key');
    this.file = join(home.directory, 'segl.age');
    this.target = join(home.directory, 'restored');
  }

  static async of(home: Installation): Promise<BackedUp> {
    const backedUp = new BackedUp(home);
    const made = await segl(['keys', 'backup-identity', backedUp.identity]);
    expect(made.exitCode).toBe(0);
    backedUp.recipient = made.text.trim();
    return backedUp;
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return segl(argv, { environment: this.home.environment, ...options });
  }

  backup(file = this.file, options: RunOptions = {}): Promise<Ran> {
    return this.run(['backup', file, '--recipient', this.recipient, '--json'], options);
  }

  restore(...more: string[]): Promise<Ran> {
    return this.restoreFile(this.file, ...more);
  }

  restoreFile(file: string, ...more: string[]): Promise<Ran> {
    return segl(['restore', file, '--identity', this.identity, '--to', this.target, '--json', ...more]);
  }

  inRestored(...argv: string[]): Promise<Ran> {
    const environment = {
      ...this.home.environment,
      SEGL_DATA_DIR: join(this.target, 'data'),
      SEGL_KEYRING: join(this.target, 'keyring'),
    };
    return segl(argv, { environment });
  }

  writeRecipients(path: string): Promise<void> {
    return writeFile(path, `# who opens backups\n${this.recipient}\n`);
  }

  async seal(from: string, to: string): Promise<{ readonly messageId: string; readonly carrier: Buffer }> {
    const input = Buffer.from(`From: <${from}>\r\nTo: <${to}>\r\nSubject: x\r\n\r\nmarker-of-the-body\r\n`);
    const ran = await this.run(['seal', '--from', from, '--to', to], { input });
    expect(ran.exitCode).toBe(0);
    return { messageId: ran.said.slice(7, 39), carrier: ran.output };
  }
}

/** Path below the directory → permission bits, of everything in it. */
export async function modesBelow(directory: string): Promise<Map<string, string>> {
  const modes = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    modes.set(path.slice(directory.length + 1), ((await stat(path)).mode & 0o777).toString(8));
  }
  return modes;
}

/** One bit of a file turned. */
export async function altered(path: string, at: number): Promise<string> {
  const bytes = await readFile(path);
  const offset = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 4, offset);
  await writeFile(`${path}.altered`, bytes);
  return `${path}.altered`;
}
