import { execFile } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';
import type { ProcessName, SeveralProcesses } from './several-processes.ts';

/** One way in which a part is taken away and given back. */
export interface Fault {
  readonly name: string;
  /** As /readyz names what is away; null where nothing that serves readers is, or where it is back at once. */
  readonly part: string | null;
  /** Is left so for a while, whatever is told of it meanwhile: for how long is the test's to say. */
  readonly lasts: boolean;
  begin(): Promise<void>;
  /** Resolves once the part takes connections again; not all that hangs on it need be back by then. */
  end(): Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

export function redisFaults(redis: RedisServer): Fault[] {
  const part = 'ephemeral store';
  const flush = async () => void (await redis.command('FLUSHALL'));
  return [
    { name: 'Redis flushed', part: null, lasts: false, begin: flush, end: nothing },
    { name: 'Redis frozen', part, lasts: true, begin: async () => redis.freeze(), end: async () => redis.thaw() },
    { name: 'Redis killed', part, lasts: false, begin: () => redis.kill(), end: () => redis.start() },
  ];
}

export function postgresFaults(postgres: TemporaryPostgres): Fault[] {
  const part = 'person directory';
  const freeze = async () => postgres.freeze();
  return [
    { name: 'PostgreSQL restarted', part: null, lasts: false, begin: () => postgres.restart(), end: nothing },
    { name: 'PostgreSQL frozen', part, lasts: true, begin: freeze, end: async () => postgres.thaw() },
    { name: 'PostgreSQL killed', part, lasts: false, begin: () => postgres.kill(), end: () => postgres.start() },
  ];
}

/** The portals in turn, so that each of them is the one that had the reader. */
export function processFaults(all: SeveralProcesses): Fault[] {
  let turn = 0;
  const killed = (name: string, next: () => ProcessName): Fault => {
    let victim: ProcessName = 'gateway';
    return {
      name,
      part: null,
      lasts: false,
      begin: () => all.kill((victim = next())),
      end: async () => void (await all.startOne(victim)),
    };
  };
  return [
    killed('portal killed', () => (turn++ % 2 === 0 ? 'portal-1' : 'portal-2')),
    killed('gateway killed', () => 'gateway'),
    killed('console killed', () => 'console-1'),
  ];
}

/** What comes nearest to a store that hangs where it is a file: somebody keeps it locked. */
export function sqliteFaults(path: string): Fault[] {
  let holder: DatabaseSync | null = null;
  const begin = async () => {
    holder = new DatabaseSync(path, { timeout: 10_000 });
    holder.exec('BEGIN IMMEDIATE');
  };
  const end = async () => {
    holder?.exec('ROLLBACK');
    holder?.close();
    holder = null;
  };
  return [{ name: 'event store locked', part: 'event store', lasts: true, begin, end }];
}

/**
 * A real server, struck by a command that the person who runs the tests brings along.
 * @param command called by a shell with one more word: `stop` (as an operator does; returns when it is down), `kill` (SIGKILL),
 *   `start` (after either; returns once the server says that it is ready), `freeze` (SIGSTOP), `thaw`. Ends with 0. Of a
 *   cluster it strikes the node that leads, and says `goes on` on standard output, since the others go on then.
 */
export function eventStoreServerFaults(command: string): Fault[] {
  let goesOn = false;
  const say = (word: string) => async () => {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${command} ${word}`], { timeout: 180_000 });
    goesOn ||= stdout.includes('goes on');
  };
  const fault = (name: string, begin: string, end: string): Fault => ({
    name: `event store ${name}`,
    get part() {
      return goesOn ? null : 'event store';
    },
    get lasts() {
      return begin === 'freeze' || goesOn; // the others find another leader meanwhile
    },
    begin: say(begin),
    end: say(end),
  });
  return [fault('stopped', 'stop', 'start'), fault('frozen', 'freeze', 'thaw'), fault('killed', 'kill', 'start')];
}
