import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { createClient } from '@redis/client';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';

const README = resolve(import.meta.dirname, '../../../libs/compliance/README.md');

/** Something that was looked into: a file, a table, an answer. */
export interface Place {
  /** Where, as `file:data-gateway/outbox/queue/…`, `redis:segl:e:…`, `log:portal-1`. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** A row of the table in libs/compliance/README.md. */
export interface Row {
  readonly place: string;
  readonly heldBy: string;
}

/** Every row of the table, in its order. */
export function rowsOfTable(): Row[] {
  const table = readFileSync(README, 'utf8').split('## Where an address can be')[1] ?? '';
  return [...table.matchAll(/^\| (?!place )([^|]+) \|[^|]+\|[^|]+\| ?([^|]*) ?\|$/gm)].map(
    ([, place = '', heldBy = '']) => ({ place: place.trim(), heldBy: heldBy.trim() }),
  );
}

/** Which row speaks of a place: the first that fits. A place of no row is one that nobody thought of. */
export const ROW_OF: readonly (readonly [RegExp, string])[] = [
  [/^file:data-\w+(-\d)?\/outbox\/queue\b/, '`outbox/queue`'],
  [/^file:data-\w+(-\d)?\/outbox\/refused\b/, '`outbox/refused`, with its `.json`'],
  [/^file:data-\w+(-\d)?\/outbox\/kept\b/, '`outbox/kept`'],
  [/^file:data-\w+(-\d)?\/outbox\/(staging|sending)\b/, '`outbox/staging`, `outbox/sending`'],
  [/^file:data-\w+(-\d)?\/outbox\/(unrecorded|owners)\b/, '`outbox/unrecorded`, `outbox/owners`'],
  [/^file:data-gateway\/outbox$/, 'outboxes of other machines'],
  [/^file:data-\w+(-\d)?\/read-models\.sqlite(-wal|-shm)?$/, '`read-models.sqlite`'],
  [/^file:data-\w+(-\d)?\/webhooks\.sqlite(-wal|-shm)?$/, '`webhooks.sqlite`'],
  [/^file:data-\w+(-\d)?\/incoming\b/, '`incoming`'],
  [/^file:data-\w+(-\d)?$/, 'temporary directories of the processes'],
  [/^file:scratch-/, 'temporary directories of the processes'],
  [/^file:(keyring-[\w-]+|[\w.-]+\.(yaml|pem|key|secret)$)/, 'keyring, configuration'],
  [/^file:ledger\b/, 'ledger directory'],
  [/^file:restored\b/, 'backups made later'],
  [/^file:later\.age$/, 'backups made later'],
  [/^eventstoredb:/, '`events.sqlite`, EventStoreDB'],
  [/^postgres:segl_persons\.(persons|person_index|index_key_checks|schema_version)$/, 'PostgreSQL'],
  [/^redis:segl:(epoch|secrets|used|ends|costs|[eb]:.+)$/, 'Redis'],
  [/^log:/, 'logs'],
  [/^told:\S+ \/(metrics|readyz|healthz)$/, 'metrics, `/readyz`, `/healthz`'],
  [/^answer:/, 'feed, search, exports, OpenAPI document'],
  [/^webhook:/, 'webhooks, at their receivers'],
];

export function rowOf({ name }: Place): string | null {
  return ROW_OF.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Every file and directory below one, by its path from there; a directory has no bytes. */
export async function filesBelow(directory: string): Promise<Place[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const gone = () => Buffer.alloc(0); // a write-ahead log may go meanwhile
        const bytes = entry.isFile() ? await readFile(path).catch(gone) : Buffer.alloc(0);
        return { name: `file:${relative(directory, path)}`, bytes };
      }),
  );
}

/** Every key of a server, with its name and all of its values. */
export async function everythingInRedis({ port }: RedisServer): Promise<Place[]> {
  const client = createClient({ RESP: 2, socket: { host: '127.0.0.1', port } });
  await client.connect();
  try {
    const places: Place[] = [];
    for (const key of await client.keys('*')) {
      const type = await client.type(key);
      const question = READ[type];
      if (question === undefined) throw new Error(`a ${type} in Redis, which nobody looks into: ${key}`);
      const value: unknown = await client.sendCommand(question(key), { typeMapping: { 36: Buffer } });
      places.push({ name: `redis:${key}`, bytes: Buffer.concat([Buffer.from(key), ...flat(value)]) });
    }
    return places;
  } finally {
    client.destroy();
  }
}

const READ: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1'],
};

function flat(value: unknown): Buffer[] {
  if (Buffer.isBuffer(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(flat);
  return [Buffer.from(String(value))];
}

/** Every table that somebody made, row by row as text: bytes read as `\x…`. */
export async function everythingInPostgres(server: TemporaryPostgres): Promise<Place[]> {
  const tables = await server.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  return Promise.all(
    tables.map(async ({ name }) => {
      const rows = await server.query<{ text: string }>(`SELECT t::text AS text FROM ${name} AS t`);
      return { name: `postgres:${name}`, bytes: Buffer.from(rows.map(({ text }) => text).join('\n')) };
    }),
  );
}

/** The forms in which a text may stand somewhere: as it is, as a part of a URL, in base64 wherever it begins, in hex, in UTF-16. */
export function formsOf(text: string | Buffer): Buffer[] {
  const bytes = Buffer.from(text as string);
  const base64 = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Without the letters that what stands before and after has a part in.
    const inside = whole.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
    return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const texts = [...base64, bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
  if (typeof text === 'string')
    texts.push(encodeURIComponent(text), text.replaceAll(' ', '_'), text.replaceAll(' ', '+'));
  return [
    bytes,
    ...texts.map((each) => Buffer.from(each)),
    ...(typeof text === 'string' ? [Buffer.from(text, 'utf16le')] : []),
  ];
}

/** Which of the texts stand in a place, in whichever form and case. */
export function tracesIn({ bytes }: Place, wanted: Readonly<Record<string, string | Buffer>>): string[] {
  const lower = Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1');
  return Object.entries(wanted)
    .filter(([, text]) =>
      formsOf(text).some((form) => bytes.includes(form) || (typeof text === 'string' && lower.includes(form))),
    )
    .map(([name]) => name);
}
