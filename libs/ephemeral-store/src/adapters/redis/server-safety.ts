import { NotAllowed } from './redis-connection.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { VouchedFact } from './vouched-facts.ts';

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

interface Requirement {
  readonly fact: VouchedFact;
  /** Where the server would say it, and under which names. */
  readonly source: keyof ServerFacts;
  readonly names: readonly string[];
  readonly isMet: (facts: ServerFacts) => boolean;
  readonly reason: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  {
    fact: 'redis-7',
    source: 'info',
    names: ['redis_version', 'valkey_version'],
    isMet: ({ info }) =>
      Number.parseInt(info?.get('redis_version') ?? info?.get('valkey_version') ?? '', 10) >= MIN_MAJOR_VERSION,
    reason: 'the server is older than Redis 7, or does not say its version',
  },
  {
    fact: 'no-replica',
    source: 'info',
    names: ['role'],
    isMet: ({ info }) => info?.get('role') === 'master',
    reason: 'the server is a replica: use one that stands alone (replicaof no one)',
  },
  {
    fact: 'no-replica',
    source: 'info',
    names: ['connected_slaves'],
    isMet: ({ info }) => info?.get('connected_slaves') === '0',
    reason: 'a replica is attached, and would hold and perhaps keep a copy: detach it',
  },
  {
    fact: 'no-cluster',
    source: 'info',
    names: ['cluster_enabled'],
    isMet: ({ info }) => info?.get('cluster_enabled') === '0',
    reason: 'the server is part of a cluster: use one that stands alone (cluster-enabled no)',
  },
  {
    // Asked of both: a server can be told to append while its configuration still says no.
    fact: 'no-append-file',
    source: 'info',
    names: ['aof_enabled'],
    isMet: ({ info }) => info?.get('aof_enabled') === '0',
    reason: 'the server appends to a file: set appendonly no',
  },
  {
    fact: 'no-snapshots',
    source: 'info',
    names: ['rdb_bgsave_in_progress', 'aof_rewrite_in_progress'],
    isMet: ({ info }) => info?.get('rdb_bgsave_in_progress') === '0' && info.get('aof_rewrite_in_progress') === '0',
    reason: 'the server is writing its data to a disk or a replica right now',
  },
  {
    fact: 'no-snapshots',
    source: 'config',
    names: ['save'],
    isMet: ({ config }) => config?.get('save') === '',
    reason: 'the server saves snapshots: set save ""',
  },
  {
    fact: 'no-append-file',
    source: 'config',
    names: ['appendonly'],
    isMet: ({ config, info }) => config?.get('appendonly') === 'no' || info?.get('aof_enabled') === '1',
    reason: 'the server appends to a file: set appendonly no',
  },
  {
    fact: 'no-eviction',
    source: 'config',
    names: ['maxmemory-policy'],
    isMet: ({ config }) => config?.get('maxmemory-policy') === 'noeviction',
    reason: 'the server would evict what waits: set maxmemory-policy noeviction',
  },
];

const NOT_ASKED: Readonly<Record<keyof ServerFacts, string>> = {
  info: 'INFO may not be asked, so replicas and version are not known: allow this user +info',
  config: 'CONFIG GET may not be asked, so persistence and eviction are not known: allow this user +config|get',
};

function isSilent(facts: ServerFacts, { source, names }: Requirement): boolean {
  return names.every((name) => facts[source]?.has(name) !== true);
}

/**
 * Why nothing that must be forgotten may be put there, all reasons at once, each with what to do; none when it is safe. What the operator
 * vouches for counts where the server says nothing, never against what it says.
 */
export function reasonsAgainst(facts: ServerFacts, vouchedFor: ReadonlySet<VouchedFact> = new Set()): string[] {
  const open = REQUIREMENTS.filter(
    (required) => !required.isMet(facts) && !(isSilent(facts, required) && vouchedFor.has(required.fact)),
  );
  const reasons = (['info', 'config'] as const).flatMap((source) => {
    const ofSource = open.filter((required) => required.source === source);
    if (facts[source] !== null) return ofSource.map(({ reason }) => reason);
    const facing = [...new Set(ofSource.map(({ fact }) => fact))];
    return facing.length === 0
      ? []
      : [
          `${NOT_ASKED[source]}; or, of a managed server, vouch for it (stores.ephemeralVouchedFor: ${facing.join(', ')})`,
        ];
  });
  return reasons;
}

/** What counts because the operator says so, and for no other reason. */
export function takenOnTrust(facts: ServerFacts, vouchedFor: ReadonlySet<VouchedFact>): VouchedFact[] {
  const silent = REQUIREMENTS.filter(
    (required) => vouchedFor.has(required.fact) && !required.isMet(facts) && isSilent(facts, required),
  );
  return [...new Set(silent.map(({ fact }) => fact))];
}

/** What is not unsafe but will hurt: said once in the log. */
export function warningsAbout({ config }: ServerFacts, maxBytes: number): string[] {
  if (config === null)
    return [`Redis does not say its maxmemory: see that it is a quarter over the bound of ${maxBytes} bytes`];
  const maxmemory = Number(config.get('maxmemory') ?? 0);
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
