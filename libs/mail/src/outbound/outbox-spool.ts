import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MailAddress, MessageId } from '#libs/vocabulary';
import { OwnerLock } from './owner-lock.ts';
import { envelopeIn, holdsAddress, OutboxUnavailable, StagedFile, guarded, syncDirectory } from './staged-file.ts';
import type { CarrierEnvelope } from './staged-file.ts';

/** What becomes of a staged carrier whose process died: see `OutboxOptions.settle`. */
export type Settlement = 'queue' | 'keep' | 'discard' | 'later';

/** A carrier that is this process' own to send. */
export interface ClaimedCarrier {
  readonly path: string;
  readonly messageId: MessageId;
  /** Tries before this one. */
  readonly attempts: number;
}

/** What became of carriers that name somebody. */
export interface Withdrawn {
  /** Those that waited in the queue and will not leave. */
  readonly withdrawn: readonly MessageId[];
  /** Those of the person that a process is writing or sending at this moment. */
  readonly underWay: number;
  /** Those on their way to others that name the address among who wrote them or whom they went to: they leave the disk as they are sent. */
  readonly naming: number;
}

const STAGED = /^([a-z2-7]{26})\.([a-z2-7]{32})\.(part|whole)$/;
const QUEUED = /^(\d{15})\.(\d{1,6})\.([a-z2-7]{32})$/;
const SENDING = /^([a-z2-7]{26})\.(\d{1,6})\.([a-z2-7]{32})$/;
const KEPT = /^([A-Za-z0-9_-]{1,100})\.(\d{5})\.([a-z2-7]{32})$/;

/**
 * The directory of the outbox. A carrier is one file, which never changes once it is whole; what becomes of it is told by
 * where it is, and changed by one rename, so there is no moment at which it is neither here nor there:
 *
 *     owners/<owner>.lock                 one for each process, held as long as it lives
 *     staging/<owner>.<message>.part      being written        .whole: written and synced, waiting for its submission
 *     queue/<due>.<attempts>.<message>    anyone's to claim from <due> on (milliseconds since 1970)
 *     sending/<owner>.<attempts>.<message>  being sent by that process
 *     refused/<message>                   given up, <message>.json says why
 *     kept/<submission>.<index>.<message> handed out over the API, for the same request asked again
 *     unrecorded/<message>.json           what became of one, on its way into the record (outcome-notes.ts)
 */
export class OutboxSpool {
  private readonly directory: string;
  private readonly lock: OwnerLock;

  private constructor(directory: string, lock: OwnerLock) {
    this.directory = directory;
    this.lock = lock;
  }

  /** @throws OutboxUnavailable */
  static async open(directory: string): Promise<OutboxSpool> {
    return guarded('cannot be opened', async () => {
      for (const folder of ['owners', 'staging', 'queue', 'sending', 'refused', 'kept', 'unrecorded']) {
        await mkdir(join(directory, folder), { recursive: true, mode: 0o700 });
      }
      return new OutboxSpool(directory, OwnerLock.take(join(directory, 'owners')));
    });
  }

  stage(envelope: CarrierEnvelope): Promise<StagedFile> {
    const base = this.path('staging', `${this.lock.token}.${envelope.messageId}`);
    return guarded('cannot take a carrier', () => StagedFile.create(base, envelope));
  }

  /** From here on the carrier will be sent. One sync of the directory for all of them. @returns their names in the queue */
  async enqueue(staged: readonly StagedFile[], dueMs: number): Promise<string[]> {
    return guarded('cannot commit a carrier', async () => {
      const names = staged.map(({ envelope }) => queueName(dueMs, 0, envelope.messageId));
      for (const [index, file] of staged.entries())
        await rename(file.wholePath, this.path('queue', names[index] ?? ''));
      await syncDirectory(this.path('queue'));
      return names;
    });
  }

  /** For the answer to the same request again; `keptOf` finds them in this order. */
  async keep(staged: readonly StagedFile[]): Promise<void> {
    return guarded('cannot keep a carrier', async () => {
      for (const [index, { envelope, wholePath }] of staged.entries()) {
        await renamed(wholePath, this.path('kept', keptName(envelope, index)));
      }
      await syncDirectory(this.path('kept'));
    });
  }

  async keptOf(submissionId: string): Promise<string[]> {
    const names = await readdir(this.path('kept'));
    return names
      .filter((name) => KEPT.exec(name)?.[1] === submissionId)
      .sort()
      .map((name) => this.path('kept', name));
  }

  /** Names in the queue by the time they are due, which is how they sort. */
  async queued(): Promise<string[]> {
    return (await readdir(this.path('queue'))).filter((name) => QUEUED.test(name)).sort();
  }

  static dueMsOf(queueName: string): number {
    return Number(queueName.slice(0, 15));
  }

  static attemptsOf(queueName: string): number {
    return Number(QUEUED.exec(queueName)?.[2] ?? 0);
  }

  /** @returns null when another process was faster */
  async claim(name: string): Promise<ClaimedCarrier | null> {
    const [, , attempts = '', messageId = ''] = QUEUED.exec(name) ?? [];
    const path = this.path('sending', `${this.lock.token}.${attempts}.${messageId}`);
    try {
      await rename(this.path('queue', name), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new OutboxUnavailable('the outbox cannot claim a carrier', { cause: error });
    }
    return { path, messageId: messageId as MessageId, attempts: Number(attempts) };
  }

  async putBack({ path, messageId, attempts }: ClaimedCarrier, dueMs: number): Promise<void> {
    await guarded('cannot put a carrier back', () =>
      rename(path, this.path('queue', queueName(dueMs, attempts, messageId))),
    );
  }

  async remove({ path }: ClaimedCarrier): Promise<void> {
    await guarded('cannot remove a sent carrier', () => rm(path));
  }

  /** Kept with the reason beside it, until the operator or `sweep` removes it. */
  async refuse({ path, messageId }: ClaimedCarrier, reason: object): Promise<void> {
    await guarded('cannot set a refused carrier aside', async () => {
      await writeFile(this.path('refused', `${messageId}.json`), `${JSON.stringify(reason)}\n`, { mode: 0o600 });
      await rename(path, this.path('refused', messageId));
      await utimes(this.path('refused', messageId), new Date(), new Date());
      await syncDirectory(this.path('refused'));
    });
  }

  async counts(): Promise<{ queued: number; sending: number; refused: number; staged: number }> {
    const [queued, sending, refused, staged] = await Promise.all(
      ['queue', 'sending', 'refused', 'staging'].map((folder) => readdir(this.path(folder))),
    );
    return {
      queued: queued?.length ?? 0,
      sending: sending?.length ?? 0,
      refused: refused?.filter((name) => !name.endsWith('.json')).length ?? 0,
      staged: staged?.length ?? 0,
    };
  }

  /** Where a carrier is now; null: it is in no folder any more, so it was sent (or swept long ago). */
  async whereIs(messageId: MessageId): Promise<'queued' | 'refused' | null> {
    // Twice, since it may be renamed from a folder not yet looked at to one that was.
    for (let look = 0; look < 2; look++) {
      for (const folder of ['queue', 'sending', 'staging', 'refused'] as const) {
        const names = await readdir(this.path(folder));
        if (names.some((name) => name.split('.').includes(messageId)))
          return folder === 'refused' ? 'refused' : 'queued';
      }
    }
    return null;
  }

  /**
   * Takes over what dead processes left: what they were sending goes back to the queue, what they had staged is settled. A
   * settlement that throws leaves the carrier for the next time. @returns how many came back to the queue
   */
  async takeOver(settle: (envelope: CarrierEnvelope) => Promise<Settlement>, nowMs: number): Promise<number> {
    const [owners, staging, sending] = await Promise.all(
      ['owners', 'staging', 'sending'].map((folder) => readdir(this.path(folder))),
    );
    const tokens = new Set([
      ...(owners ?? []).map(OwnerLock.tokenOf),
      ...(staging ?? []).map((name) => STAGED.exec(name)?.[1] ?? null),
      ...(sending ?? []).map((name) => SENDING.exec(name)?.[1] ?? null),
    ]);
    let requeued = 0;
    for (const token of tokens) {
      if (token === null || token === this.lock.token) continue;
      const dead = OwnerLock.seize(this.path('owners'), token);
      if (!dead) continue;
      let leavesNothing = false;
      try {
        requeued += await this.requeue(token, nowMs);
        const settled = await this.settleStaged(token, settle, nowMs);
        requeued += settled.requeued;
        leavesNothing = settled.isDone;
      } finally {
        dead.release({ leavesNothing });
      }
    }
    return requeued;
  }

  /** Removes what was refused or kept before these times (milliseconds since 1970). */
  async sweep({ refusedBeforeMs, keptBeforeMs }: { refusedBeforeMs: number; keptBeforeMs: number }): Promise<void> {
    for (const [folder, beforeMs] of [['refused', refusedBeforeMs] as const, ['kept', keptBeforeMs] as const]) {
      for (const name of await readdir(this.path(folder))) {
        const path = this.path(folder, name);
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
        if (mtimeMs < beforeMs) await rm(path, { force: true });
      }
    }
  }

  /**
   * Removes, from queue, refused and kept, what is meant; from refused and kept also what holds the address anywhere in its bytes. What a
   * process is writing or sending at this moment is left to it, and counted.
   */
  async withdraw(isMeant: (envelope: CarrierEnvelope) => boolean, address: MailAddress | null): Promise<Withdrawn> {
    const withdrawn = new Set<MessageId>();
    let underWay = 0;
    let naming = 0;
    for (const folder of ['queue', 'refused', 'kept', 'staging', 'sending'] as const) {
      for (const name of await readdir(this.path(folder))) {
        const path = this.path(folder, name);
        const envelope = name.endsWith('.json') ? null : await envelopeIn(path);
        if (envelope === null) continue;
        const isOfThem = isMeant(envelope);
        const isNaming = isOfThem || (address !== null && (await holdsAddress(path, address)));
        if (folder === 'staging' || folder === 'sending') underWay += isOfThem ? 1 : 0;
        else if (folder !== 'queue' ? isNaming : isOfThem) {
          await rm(path, { force: true });
          if (folder === 'refused') await rm(`${path}.json`, { force: true });
          if (folder === 'queue') withdrawn.add(envelope.messageId);
        }
        if (isNaming && !isOfThem && folder !== 'refused' && folder !== 'kept') naming++;
      }
      await syncDirectory(this.path(folder));
    }
    return { withdrawn: [...withdrawn], underWay, naming };
  }

  /** Whether a carrier would be taken now. @throws OutboxUnavailable */
  async checkWritable(): Promise<void> {
    await guarded('cannot be written', async () => {
      const probe = this.path('staging', `${this.lock.token}.probe`);
      const file = await open(probe, 'w', 0o600);
      try {
        await file.write('x');
        await file.sync();
      } finally {
        await file.close();
        await rm(probe, { force: true });
      }
    });
  }

  async close(): Promise<void> {
    const left = [...(await readdir(this.path('staging'))), ...(await readdir(this.path('sending')))];
    this.lock.release({ leavesNothing: !left.some((name) => name.startsWith(this.lock.token)) });
  }

  private async requeue(token: string, nowMs: number): Promise<number> {
    let requeued = 0;
    for (const name of await readdir(this.path('sending'))) {
      const [, owner, attempts = '', messageId = ''] = SENDING.exec(name) ?? [];
      if (owner !== token) continue;
      await rename(this.path('sending', name), this.path('queue', queueName(nowMs, Number(attempts), messageId)));
      requeued++;
    }
    return requeued;
  }

  /** What became of staged carriers, once it is known. @returns those for which it is not */
  async settle(
    staged: readonly StagedFile[],
    settle: (envelope: CarrierEnvelope) => Promise<Settlement>,
    nowMs: number,
  ): Promise<{ requeued: number; undecided: StagedFile[] }> {
    const kept = new Map<string, StagedFile[]>();
    const undecided: StagedFile[] = [];
    let requeued = 0;
    for (const file of staged) {
      const { submissionId } = file.envelope;
      const settlement = await settle(file.envelope);
      if (settlement === 'queue') requeued += (await this.enqueue([file], nowMs)).length;
      else if (settlement === 'keep') kept.set(submissionId, [...(kept.get(submissionId) ?? []), file]);
      else if (settlement === 'discard') await file.discard();
      else undecided.push(file);
    }
    for (const files of kept.values()) await this.keep(files);
    return { requeued, undecided };
  }

  private async settleStaged(
    token: string,
    settle: (envelope: CarrierEnvelope) => Promise<Settlement>,
    nowMs: number,
  ): Promise<{ requeued: number; isDone: boolean }> {
    const whole: StagedFile[] = [];
    for (const name of (await readdir(this.path('staging'))).sort()) {
      const [, owner, messageId = '', state] = STAGED.exec(name) ?? [];
      if (owner === token && state === 'whole')
        whole.push(await StagedFile.found(this.path('staging', `${token}.${messageId}`)));
      else if (owner === token || name === `${token}.probe`) await rm(this.path('staging', name), { force: true });
    }
    const { requeued, undecided } = await this.settle(whole, settle, nowMs);
    return { requeued, isDone: undecided.length === 0 };
  }

  private path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }
}

function queueName(dueMs: number, attempts: number, messageId: string): string {
  return `${String(Math.max(0, Math.round(dueMs))).padStart(15, '0')}.${attempts}.${messageId}`;
}

function keptName({ submissionId, messageId }: CarrierEnvelope, index: number): string {
  return `${submissionId}.${String(index).padStart(5, '0')}.${messageId}`;
}

/** Done already counts as done: a commit that broke off half way is begun again from its beginning. */
async function renamed(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
