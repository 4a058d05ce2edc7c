import type { EventId } from '#libs/vocabulary';
import type { Position } from './event-store.ts';
import type { ReadModels } from './read-models.ts';

/** What a projection keeps: its tables, under a name that stands for their shape. */
export interface ProjectionTables {
  /** `passcode-history.v1`: a changed shape is a new name, with tables of other names, rebuilt beside the old one; where its tables have the old names, they take them over once they are filled. */
  readonly name: string;
  /** Statements that make its tables and indexes. */
  readonly schema: string;
}

export interface SchemaObject {
  readonly type: 'table' | 'view' | 'trigger' | 'index';
  readonly name: string;
  readonly isVirtual: 0 | 1;
}

const SCHEMA_OBJECTS = `SELECT type, name, coalesce(sql LIKE 'CREATE VIRTUAL %', 0) AS isVirtual FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'`;
/** What goes first: a virtual table takes its shadow tables along, a table its indexes and triggers. */
const DROP_ORDER = { view: 0, trigger: 1, table: 2, index: 3 };

/** Makes the book in which the projections of a file are kept, unless it is there. */
export function openProjectionBook(readModels: ReadModels): void {
  readModels.execute(
    `CREATE TABLE IF NOT EXISTS projections (name TEXT PRIMARY KEY, schema TEXT NOT NULL, objects TEXT NOT NULL, position TEXT, event_id TEXT) STRICT`,
  );
  const columns = readModels.db.all<{ name: string }>('PRAGMA table_info(projections)');
  if (!columns.some(({ name }) => name === 'event_id')) {
    readModels.execute('ALTER TABLE projections ADD COLUMN event_id TEXT'); // a book of before 2026-12
  }
}

/**
 * Makes the tables of a projection unless they are there. Call within a transaction.
 * @throws Error when the schema differs from what this name was made with, or cannot be made beside what is there
 */
export function installProjection(readModels: ReadModels, { name, schema }: ProjectionTables): void {
  const { db } = readModels;
  const known = db.get<{ schema: string }>('SELECT schema FROM projections WHERE name = ?', name);
  if (known !== undefined) {
    if (known.schema === schema) return;
    throw new Error(
      `projection ${name}: its schema changed under the same name; give it a new name, and its tables too`,
    );
  }
  const before = new Set(db.all<SchemaObject>(SCHEMA_OBJECTS).map((object) => object.name));
  try {
    readModels.execute(schema);
  } catch (cause) {
    throw new Error(`projection ${name}: its tables cannot be made: ${(cause as Error).message}`, { cause });
  }
  const made = db.all<SchemaObject>(SCHEMA_OBJECTS).filter((object) => !before.has(object.name));
  db.run('INSERT INTO projections (name, schema, objects) VALUES (?, ?, ?)', name, schema, JSON.stringify(made));
}

/** Drops what `installProjection` made. Call within a transaction. @returns whether there was anything */
export function dropProjection(readModels: ReadModels, name: string): boolean {
  const { db } = readModels;
  const known = db.get<{ objects: string }>('SELECT objects FROM projections WHERE name = ?', name);
  if (known === undefined) return false;
  const objects = (JSON.parse(known.objects) as SchemaObject[]).toSorted(
    (a, b) => DROP_ORDER[a.type] - DROP_ORDER[b.type] || b.isVirtual - a.isVirtual,
  );
  for (const object of objects)
    readModels.execute(`DROP ${object.type} IF EXISTS "${object.name.replaceAll('"', '""')}"`);
  db.run('DELETE FROM projections WHERE name = ?', name);
  return true;
}

export function installedProjections(readModels: ReadModels): string[] {
  return readModels.db.all<{ name: string }>('SELECT name FROM projections ORDER BY name').map(({ name }) => name);
}

/** How far a projection has come: which event it handled last, and where that one stood. */
export interface SavedPlace {
  readonly position: Position;
  /** Null in a book that was kept before ids were, and for a damaged record that was passed over: it has none. */
  readonly eventId: EventId | null;
}

/** Null before the first event. */
export function savedPlace(readModels: ReadModels, name: string): SavedPlace | null {
  const row = readModels.db.get<{ position: Position | null; event_id: EventId | null }>(
    'SELECT position, event_id FROM projections WHERE name = ?',
    name,
  );
  return row === undefined || row.position === null ? null : { position: row.position, eventId: row.event_id };
}

export function savePlace(readModels: ReadModels, name: string, { position, eventId }: SavedPlace): void {
  readModels.db.run('UPDATE projections SET position = ?, event_id = ? WHERE name = ?', position, eventId, name);
}
