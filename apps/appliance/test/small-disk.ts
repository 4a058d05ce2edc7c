import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Enough for a demonstration, and soon full. */
const DISK_MEBIBYTES = 48;

/** A disk of its own, ext4 on a loop device: it can be filled, and can fail as disks do. Made by root alone. */
export class SmallDisk {
  private constructor(
    private readonly directory: string,
    private device: string,
  ) {}

  /** @returns null where this machine lets nobody mount one */
  static async mount(): Promise<SmallDisk | null> {
    const directory = await mkdtemp(join(tmpdir(), 'segl-disk-'));
    const disk = new SmallDisk(directory, '');
    await mkdir(disk.path);
    try {
      await run('truncate', ['-s', `${DISK_MEBIBYTES}M`, disk.image]);
      await run('mkfs.ext4', ['-q', '-m', '0', disk.image]); // -m 0: nothing is kept back for root
      await disk.attach();
      return disk;
    } catch {
      await rm(directory, { recursive: true, force: true });
      return null;
    }
  }

  /** Where it can be written. */
  get path(): string {
    return join(this.directory, 'disk');
  }

  private get image(): string {
    return join(this.directory, 'image');
  }

  private get filler(): string {
    return join(this.path, 'filler');
  }

  /** To the last byte that it gives. */
  fill(): void {
    const file = openSync(this.filler, 'w');
    for (const bytes of [64 * 1024, 4096, 1]) {
      const piece = Buffer.alloc(bytes, 1);
      for (;;) {
        try {
          writeSync(file, piece);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          break;
        }
      }
    }
    closeSync(file);
  }

  async makeRoom(): Promise<void> {
    await rm(this.filler);
  }

  /** The kernel finds a fault, and lets nothing be written any more, whoever has what open. */
  fail(): void {
    writeFileSync(`/sys/fs/ext4/${this.device}/trigger_fs_error`, 'as a story wants it');
  }

  /**
   * As its operator does after such a fault: taken off, looked through and mounted again. Nobody may have a file of it open. It is a
   * copy that is mended: containers that other tests start meanwhile keep a mount of the old one in a namespace of their own, and
   * as long as one does, the kernel would give the failed file system back.
   */
  async mend(): Promise<void> {
    await run('umount', [this.path]);
    await copyFile(this.image, `${this.image}-mended`);
    await rename(`${this.image}-mended`, this.image);
    const { status, stdout } = spawnSync('e2fsck', ['-fy', this.image], { encoding: 'utf8' });
    if (status !== 0 && status !== 1) throw new Error(`e2fsck ended with ${status}: ${stdout}`); // 1: it mended something
    await this.attach();
  }

  async remove(): Promise<void> {
    await run('umount', [this.path]);
    await rm(this.directory, { recursive: true, force: true });
  }

  private async attach(): Promise<void> {
    await run('mount', ['-o', 'loop,errors=remount-ro', this.image, this.path]);
    const { stdout } = await run('findmnt', ['-no', 'SOURCE', this.path]);
    this.device = stdout.trim().replace('/dev/', '');
    if (!readdirSync('/sys/fs/ext4').includes(this.device)) throw new Error('no such disk in /sys/fs/ext4');
  }
}
