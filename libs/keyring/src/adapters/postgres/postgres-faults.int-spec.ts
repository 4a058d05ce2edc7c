import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { temporaryKeyring } from '../../testing/temporary-keyring.ts';
import type { TemporaryKeyring } from '../../testing/temporary-keyring.ts';
import { postgresBinaries, startTemporaryPostgres } from '../../testing/temporary-postgres.ts';
import type { TemporaryPostgres } from '../../testing/temporary-postgres.ts';
import { PostgresPersonDirectory } from './postgres-person-directory.ts';
import type { PostgresNotice } from './postgres-person-directory.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;
/** Short, so that a frozen server costs the test little. */
const limits = { poolSize: 4, waitMs: 2000, statementMs: 500 };
/** Of each kind of fault; more with SEGL_TEST_FAULTS. */
const ROUNDS = Number(process.env['SEGL_TEST_FAULTS'] ?? 3);
const KEPT = Array.from({ length: 2000 }, (_, i) => parseMailAddress(`kept-${i}@example.com`));
const ERASED = Array.from({ length: 8 }, (_, i) => parseMailAddress(`erased-${i}@example.com`));

withPostgres('PostgreSQL that fails under load', () => {
  let server: TemporaryPostgres;
  let keys: TemporaryKeyring;
  let directories: PostgresPersonDirectory[];
  let notices: PostgresNotice[];

  beforeEach(async () => {
    server = await startTemporaryPostgres();
    keys = await temporaryKeyring();
    notices = [];
    const options = { ...limits, onNotice: (notice: PostgresNotice) => notices.push(notice) };
    directories = [];
    for (let i = 0; i < 3; i++) {
      directories.push(await PostgresPersonDirectory.open(server.url, keys.keyring, options));
    }
  }, 120_000);

  afterEach(async () => {
    for (const each of directories) await each.close();
    await server.remove();
    await keys.remove();
  });

  it.each([
    ['restarts', () => server.restart()],
    ['freezes', () => freezeAWhile()],
    ['is killed', () => server.kill().then(() => server.start())],
    ['is killed while it is frozen', () => freezeAWhile(() => server.kill().then(() => server.start()))],
  ])(
    '%s: one person for each address, none lost, none back from the dead, and on it goes',
    async (_, fault) => {
      const load = new Load(directories);
      const working = load.run();
      try {
        for (let round = 0; round < ROUNDS; round++) {
          await load.progresses();
          await fault();
        }
        await load.progresses();
      } finally {
        load.stop();
      }
      await working;

      expect(load.violations).toEqual([]);
      expect(load.unexpected).toEqual([]);
      expect(load.refused).toBeGreaterThan(0); // else the faults hit nothing
      for (const [address, personId] of load.known) {
        const [found, byId] = [await directories[0]?.find(address), await directories[1]?.findById(personId)];
        expect([address, found?.personId, byId?.personId]).toEqual([address, personId, personId]);
      }
      for (const personId of load.buried) expect(await directories[2]?.findById(personId)).toBeNull();
      const [{ count } = { count: -1 }] = await server.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM segl_persons.persons WHERE person_id NOT IN (SELECT person_id FROM segl_persons.person_index)',
      );
      expect(count).toBe(0);
      const lostAndBack = notices.filter(({ what }) => what !== 'not-swept').map(({ what }) => what);
      expect(lostAndBack.filter((what) => what === 'back').length).toBeLessThanOrEqual(
        lostAndBack.filter((what) => what === 'lost').length,
      );
      expect(lostAndBack).toContain('back');
      for (const { reason } of notices) expect(reason).not.toMatch(/127\.0\.0\.1|segl@|example/);
      process.stdout.write(
        `${load.known.size} persons, ${load.buried.size} erased, ${load.answered} answered, ${load.refused} refused\n`,
      );
    },
    600_000,
  );

  it('answers within its limits while the server is frozen, closes too, and says which', async () => {
    const [persons] = directories as [PostgresPersonDirectory];
    await persons.findOrCreate(parseMailAddress('anna@example.com'));
    server.freeze();
    const refusals = await Promise.allSettled(
      Array.from({ length: 20 }, () => persons.find(parseMailAddress('anna@example.com'))),
    );
    for (const refusal of refusals) {
      expect(refusal.status === 'rejected' && refusal.reason instanceof PersonDirectoryUnavailable).toBe(true);
    }
    expect(
      new Set(refusals.map((each) => (each.status === 'rejected' ? String(each.reason) : ''))).size,
    ).toBeGreaterThan(0);
    await expect(persons.checkWritable()).rejects.toThrow(/does not answer|became free in time/);
    await persons.close();
    server.thaw();
  }, 120_000);

  async function freezeAWhile(end: () => Promise<void> = async () => server.thaw()): Promise<void> {
    server.freeze();
    await sleep(limits.statementMs * 4); // longer than any call waits: that is the fault, not a wait of this test
    await end();
  }
});

/** Callers that make, find and erase persons over and over, and remember what they were promised. */
class Load {
  /** What a caller was told and is never to be told otherwise. */
  readonly known = new Map<MailAddress, PersonId>();
  readonly buried = new Set<PersonId>();
  readonly violations: string[] = [];
  readonly unexpected: unknown[] = [];
  answered = 0;
  refused = 0;
  private readonly directories: readonly PostgresPersonDirectory[];
  private isOver = false;
  private next = 0;

  constructor(directories: readonly PostgresPersonDirectory[]) {
    this.directories = directories;
  }

  stop(): void {
    this.isOver = true;
  }

  async run(): Promise<void> {
    await Promise.all(
      this.directories.flatMap((persons) => [
        this.repeat(() => this.keep(persons)),
        this.repeat(() => this.keep(persons)),
        this.repeat(() => this.meet(persons)),
        this.repeat(() => this.bury(persons)),
      ]),
    );
  }

  /** Every caller-visible kind of work has succeeded again since now. @throws Error after two minutes */
  async progresses(): Promise<void> {
    const [known, buried, answered] = [this.known.size, this.buried.size, this.answered];
    for (const deadline = Date.now() + 120_000; ; await sleep(20)) {
      const isNew = this.known.size > known || this.known.size === KEPT.length;
      if (isNew && this.buried.size > buried && this.answered > answered + 50) return;
      if (Date.now() > deadline) throw new Error('it did not go on');
    }
  }

  private async repeat(work: () => Promise<void>): Promise<void> {
    while (!this.isOver) {
      try {
        await work();
        this.answered++;
      } catch (error) {
        if (!(error instanceof PersonDirectoryUnavailable)) this.unexpected.push(error);
        else if (/127\.0\.0\.1|segl@|example/.test(error.message)) this.unexpected.push(error);
        this.refused++;
        await sleep(5);
      }
    }
  }

  /** Several callers race for the same new address. */
  private async keep(persons: PostgresPersonDirectory): Promise<void> {
    const address = KEPT[Math.floor(this.next++ / 4) % KEPT.length] as MailAddress;
    this.promise(address, (await persons.findOrCreate(address)).personId);
  }

  private async meet(persons: PostgresPersonDirectory): Promise<void> {
    const [address, personId] = [...this.known][Math.floor(Math.random() * this.known.size)] ?? [];
    if (address === undefined || personId === undefined) return void (await sleep(1));
    const found = await persons.find(address);
    if (found?.personId !== personId) this.violations.push(`${address} was ${personId}, is ${found?.personId}`);
  }

  private async bury(persons: PostgresPersonDirectory): Promise<void> {
    const address = ERASED[Math.floor(Math.random() * ERASED.length)] as MailAddress;
    const before = new Set(this.buried);
    const { personId } = await persons.findOrCreate(address);
    if (before.has(personId)) this.violations.push(`${personId} is back from the dead`);
    await persons.erase(personId); // true or, where another was first, false: gone in either case
    this.buried.add(personId);
  }

  private promise(address: MailAddress, personId: PersonId): void {
    const promised = this.known.get(address);
    if (promised === undefined) this.known.set(address, personId);
    else if (promised !== personId) this.violations.push(`${address} is both ${promised} and ${personId}`);
  }
}
