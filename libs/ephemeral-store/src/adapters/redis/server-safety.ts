import { NotAllowed } from './redis-connection.ts';
import type { RedisConnection } from './redis-connection.ts';

/** What a server says of itself, as far as it was let out. */
export interface ServerFacts {
  /** Lines of INFO, or null when it may not be asked. */
  readonly info: ReadonlyMap<string, string> | null;
  /** CONFIG GET, or null when it may not be asked. */
  readonly config: ReadonlyMap<string, string> | null;
}

const MIN_MAJOR_VERSION = 7;
const ASKED_SETTINGS = ['save', 'appendonly', 'maxmemory-policy', 'maxmemory'];

/** @throws EphemeralStoreUnavailable when it does not answer at all */
export async function askServer(connection: RedisConnection): Promise<ServerFacts> {
  const ask = (...command: string[]) => connection.command(command).catch(nullWhereNotAllowed);
  // One by one: servers before 7 take one at a time, and are to be told that they are too old.
  const [info, ...settings] = await Promise.all([
    ask('INFO'),
    ...ASKED_SETTINGS.map((setting) => ask('CONFIG', 'GET', setting)),
  ]);
  return {
    info: info === null ? null : linesOf(String(info)),
    config: settings.includes(null) ? null : pairsOf(settings.flat() as Buffer[]),
  };
}

/** Why nothing that must be forgotten may be put there, all reasons at once, each with what to do; none when it is safe. */
export function reasonsAgainst({ info, config }: ServerFacts): string[] {
  const reasons: string[] = [];
  const unless = (isSo: boolean, reason: string) => void (isSo || reasons.push(reason));
  if (info === null) {
    reasons.push('INFO may not be asked, so replicas and version are not known: allow this user +info');
  } else {
    const version = Number.parseInt(info.get('redis_version') ?? info.get('valkey_version') ?? '', 10);
    unless(version >= MIN_MAJOR_VERSION, 'the server is older than Redis 7, or does not say its version');
    unless(info.get('role') === 'master', 'the server is a replica: use one that stands alone (replicaof no one)');
    unless(
      info.get('connected_slaves') === '0',
      'a replica is attached, and would hold and perhaps keep a copy: detach it',
    );
    unless(
      info.get('cluster_enabled') === '0',
      'the server is part of a cluster: use one that stands alone (cluster-enabled no)',
    );
    // Asked of both: a server can be told to append while its configuration still says no.
    unless(info.get('aof_enabled') === '0', 'the server appends to a file: set appendonly no');
    unless(
      info.get('rdb_bgsave_in_progress') === '0' && info.get('aof_rewrite_in_progress') === '0',
      'the server is writing its data to a disk or a replica right now',
    );
  }
  if (config === null) {
    reasons.push('CONFIG GET may not be asked, so persistence and eviction are not known: allow this user +config|get');
  } else {
    unless(config.get('save') === '', 'the server saves snapshots: set save ""');
    unless(
      config.get('appendonly') === 'no' || info?.get('aof_enabled') === '1',
      'the server appends to a file: set appendonly no',
    );
    unless(
      config.get('maxmemory-policy') === 'noeviction',
      'the server would evict what waits: set maxmemory-policy noeviction',
    );
  }
  return reasons;
}

/** What is not unsafe but will hurt: said once in the log. */
export function warningsAbout({ config }: ServerFacts, maxBytes: number): string[] {
  const maxmemory = Number(config?.get('maxmemory') ?? 0);
  if (maxmemory === 0)
    return ['Redis has no maxmemory: give it one, about a quarter over the bound of the ephemeral store'];
  if (maxmemory < maxBytes * MEMORY_OVER_BOUND)
    return [
      `Redis has a maxmemory of ${maxmemory} bytes, too little for the bound of ${maxBytes} bytes of the ephemeral store`,
    ];
  return [];
}

/** What Redis holds for each byte that is accounted, with its own tables and buffers. */
const MEMORY_OVER_BOUND = 1.1;

function nullWhereNotAllowed(error: unknown): null {
  if (error instanceof NotAllowed) return null;
  throw error;
}

function linesOf(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function pairsOf(flat: readonly Buffer[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.set(String(flat[index]), String(flat[index + 1]));
  return pairs;
}
