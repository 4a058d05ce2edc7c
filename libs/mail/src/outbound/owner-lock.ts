import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { base32Lower } from '#libs/vocabulary';

/**
 * Names a process that works on a shared directory, and proves that it lives: it holds a lock of the operating system, which goes the
 * very moment the process does, however it ends. SQLite takes the lock (an empty database, never written), since Node has no
 * call of its own for it; so it holds among containers on one machine too, where process ids mean nothing.
 */
export class OwnerLock {
  /** 26 characters of base32. */
  readonly token: string;
  private readonly path: string;
  private readonly database: DatabaseSync;

  private constructor(token: string, path: string, database: DatabaseSync) {
    this.token = token;
    this.path = path;
    this.database = database;
  }

  /** A new owner. @param directory exists already */
  static take(directory: string): OwnerLock {
    for (;;) {
      const token = base32Lower(randomBytes(16));
      const path = pathOf(directory, token);
      const lock = OwnerLock.lock(token, path);
      // Someone may have taken the new file for that of a dead owner before it was locked, and removed it.
      if (lock && existsSync(path)) return lock;
      lock?.database.close();
    }
  }

  /** Takes over from an owner that is gone. @returns null while it lives */
  static seize(directory: string, token: string): OwnerLock | null {
    return OwnerLock.lock(token, pathOf(directory, token));
  }

  /** The token in the name of a lock file; null for any other file. */
  static tokenOf(fileName: string): string | null {
    return /^([a-z2-7]{26})\.lock$/.exec(fileName)?.[1] ?? null;
  }

  /** Lets go. With `leavesNothing`, whoever looks finds no trace of the owner. */
  release({ leavesNothing }: { leavesNothing: boolean }): void {
    if (leavesNothing) rmSync(this.path, { force: true });
    this.database.close();
  }

  private static lock(token: string, path: string): OwnerLock | null {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // In memory: the journal of a database that is never written would only be litter.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new OwnerLock(token, path, database);
    } catch (error) {
      database.close();
      const { errcode } = error as { errcode?: number };
      if (errcode === SQLITE_BUSY || errcode === SQLITE_LOCKED) return null;
      throw error;
    }
  }
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

function pathOf(directory: string, token: string): string {
  return join(directory, `${token}.lock`);
}
