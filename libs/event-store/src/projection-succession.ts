import { DatabaseSync } from 'node:sqlite';
import { dropProjection, installedProjections, installProjection } from './projection-tables.ts';
import type { ProjectionTables, SchemaObject } from './projection-tables.ts';
import type { ReadModelDatabase, ReadModels } from './read-models.ts';

/**
 * Tables of a projection that are filled beside those that serve, under names of their own. What its handlers say of its tables is said of these
 * instead. They take the place of the others in one transaction.
 */
export interface Succession {
  /** As the book of projections calls it until then. */
  readonly bookName: string;
  readonly db: ReadModelDatabase;
  readonly suffix: string;
}

interface NamedObject extends Pick<SchemaObject, 'type' | 'name'> {
  readonly sql: string;
}

const BEING_BUILT = '+next';

/** Whether its tables cannot be made beside those of an earlier shape, since these have their names. */
export function isInTheWay(readModels: ReadModels, projection: ProjectionTables): boolean {
  const installed = installedProjections(readModels);
  const hasEarlier = installed.some((name) => stemOf(name) === stemOf(projection.name) && !isBeingFilled(name));
  if (!hasEarlier || installed.includes(projection.name)) return false;
  return namedObjects(projection).some(({ name }) => isThere(readModels, name));
}

/** Whether the book means tables that are not in their place yet. */
export function isBeingFilled(name: string): boolean {
  return name.endsWith(BEING_BUILT);
}

export function isInstalled(readModels: ReadModels, name: string): boolean {
  return installedProjections(readModels).includes(name);
}

/** Makes the tables anew; those of an attempt that was broken off are dropped. Call within a transaction. */
export function beginSuccession(readModels: ReadModels, projection: ProjectionTables): Succession {
  const bookName = `${projection.name}${BEING_BUILT}`;
  dropProjection(readModels, bookName);
  const names = namedObjects(projection).map(({ name }) => name);
  let suffix = '__1';
  for (let n = 2; names.some((name) => isThere(readModels, `${name}${suffix}`)); n++) suffix = `__${n}`;
  const renamed = renaming(names, suffix);
  installProjection(readModels, { name: bookName, schema: renamed(projection.schema) });
  const { db } = readModels;
  return {
    bookName,
    suffix,
    db: {
      run: (sql, ...parameters) => db.run(renamed(sql), ...parameters),
      all: <Row>(sql: string, ...parameters: Parameters<ReadModelDatabase['all']>[1][]) =>
        db.all<Row>(renamed(sql), ...parameters),
      get: <Row>(sql: string, ...parameters: Parameters<ReadModelDatabase['get']>[1][]) =>
        db.get<Row>(renamed(sql), ...parameters),
    },
  };
}

/**
 * Puts the new tables in the place of those that served, of this shape or an earlier one, and drops these. Call within a transaction: whoever reads
 * meanwhile reads the old ones to the end. Indexes keep the names that they were made with.
 */
export function succeed(readModels: ReadModels, projection: ProjectionTables, { bookName, suffix }: Succession): void {
  const { db } = readModels;
  for (const name of installedProjections(readModels))
    if (name !== bookName && stemOf(name) === stemOf(projection.name)) dropProjection(readModels, name);
  for (const { type, name } of namedObjects(projection)) {
    if (type === 'table') readModels.execute(`ALTER TABLE "${name}${suffix}" RENAME TO "${name}"`);
  }
  for (const { type, name, sql } of namedObjects(projection)) {
    // Not left as ALTER TABLE rewrites them: in a trigger, SQLite makes `excluded.total` the table's own.
    if (type === 'view' || type === 'trigger') readModels.execute(`DROP ${type} "${name}${suffix}"; ${sql}`);
  }
  const made = db.get<{ objects: string }>('SELECT objects FROM projections WHERE name = ?', bookName)?.objects ?? '[]';
  const objects = (JSON.parse(made) as SchemaObject[]).map((object) =>
    object.type === 'index' ? object : { ...object, name: object.name.replace(suffix, '') },
  );
  db.run(
    'UPDATE projections SET name = ?, schema = ?, objects = ? WHERE name = ?',
    projection.name,
    projection.schema,
    JSON.stringify(objects),
    bookName,
  );
}

/** What its schema names, and not what SQLite makes beside that. */
function namedObjects({ schema }: ProjectionTables): NamedObject[] {
  const made = new DatabaseSync(':memory:');
  try {
    made.exec(schema);
    const objects = made
      .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`)
      .all() as unknown as NamedObject[];
    return objects.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(schema));
  } finally {
    made.close();
  }
}

function isThere(readModels: ReadModels, name: string): boolean {
  return readModels.db.get('SELECT 1 FROM sqlite_schema WHERE name = ?', name) !== undefined;
}

function renaming(names: readonly string[], suffix: string): (sql: string) => string {
  const anyName = new RegExp(`\\b(?:${names.join('|')})\\b`, 'g');
  const known = new Map<string, string>();
  return (sql) => {
    let renamed = known.get(sql);
    if (renamed === undefined) known.set(sql, (renamed = sql.replace(anyName, (name) => `${name}${suffix}`)));
    return renamed;
  };
}

/** `audit-trail` of `audit-trail.v3`, and of what is built to follow it. */
function stemOf(name: string): string {
  return name.replace(BEING_BUILT, '').replace(/\.v\d+$/, '');
}
