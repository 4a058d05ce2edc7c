import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import type { DomainEvent, Fold, RecordedEvent, EventStore, StreamName } from '#libs/event-store';
import { readState } from '#libs/event-store';
import { submissions } from '#libs/gateway';
import { passcodes } from '#libs/passcode';
import { sealedMessages } from '#libs/sealing';
import type { PersonId } from '#libs/vocabulary';
import { eventCatalogue } from './event-catalogue.ts';
import { displayedData, ERASED, UNREADABLE } from './query/decrypt-for-display.ts';
import { freeze, frozenEvents, frozenPersons, frozenRecords } from './testing/frozen/frozen-events.ts';

if (process.env.SEGL_NEW_SAMPLES !== undefined) freeze(process.env.SEGL_NEW_SAMPLES);

const root = join(import.meta.dirname, '..', '..', '..');
const events = frozenEvents();
const persons = frozenPersons();
const directory = { findById: async (id: PersonId) => persons.get(id) ?? null };

/** Whatever a descriptor says of a kind of stream, one line each. */
const described = eventCatalogue.descriptors.flatMap(({ category, events: types }) =>
  Object.entries(types).map(([type, descriptor]) => ({ category, type, descriptor })),
);
const samplesOf = (category: string, type: string): RecordedEvent[] =>
  events.filter((event) => event.type === type && event.stream.startsWith(`${category}-`));

describe('every event ever written', () => {
  it('stands there with the bytes that a store keeps', () => {
    for (const record of frozenRecords()) expect(canonicalize(JSON.parse(record))).toBe(record);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it.each(described)(
    'has samples of each version of $type in $category-…, with each of its encrypted fields',
    (one) => {
      const { category, type, descriptor } = one;
      const samples = samplesOf(category, type);
      for (let version = 1; version <= descriptor.version; version++) {
        expect({ version, samples: samples.filter((event) => event.version === version).length }).not.toEqual({
          version,
          samples: 0,
        });
      }
      for (const field of Object.keys(descriptor.encrypted)) {
        expect({ field, isInASample: samples.some(({ data }) => field in data) }).toEqual({ field, isInASample: true });
      }
    },
  );

  it('is described and displayed, with all that is encrypted in clear', async () => {
    for (const event of events) {
      const { encrypted, persons: named } = eventCatalogue.describe(event);
      for (const { personId } of named) expect(persons.has(personId)).toBe(true);
      const shown = await displayedData(event, directory);
      for (const { field } of encrypted) {
        expect([ERASED, UNREADABLE]).not.toContain(shown[field]);
        expect(shown[field]).not.toBe((event.data as Record<string, unknown>)[field]);
      }
      expect(JSON.stringify(shown)).not.toMatch(/"A[A-Za-z0-9_-]{80,}"/); // what keyring encrypts begins with its version, 1
    }
  });

  it.each([
    ['message', sealedMessages],
    ['passcodes', passcodes],
    ['submission', submissions],
  ] as [string, Fold<unknown, DomainEvent>][])('still makes the state of a stream: %s-…', async (category, fold) => {
    const streams = Map.groupBy(
      events.filter(({ stream }) => stream.startsWith(`${category}-`)),
      ({ stream }) => stream,
    );
    expect(streams.size).toBeGreaterThan(0);
    for (const [stream, recorded] of streams) {
      const { state } = await readState(holding(recorded), stream, fold);
      expect(state).not.toEqual(fold.initialState());
    }
  });

  it('is one that some room describes: none is written that the catalogue does not know', () => {
    const known = new Set(eventCatalogue.types());
    const sources = globSync('libs/*/src/**/*.ts', { cwd: root, exclude: ['**/testing/**', '**/*spec.ts'] });
    const written = sources.flatMap((source) =>
      [...readFileSync(join(root, source), 'utf8').matchAll(/DomainEvent<\s*'(\w+)'/g)].map(([, type]) => type),
    );
    expect(new Set(written)).toEqual(known);
  });
});

function holding(recorded: readonly RecordedEvent[]): EventStore {
  return {
    async *readStream(stream: StreamName) {
      for (const event of recorded) if (event.stream === stream) yield event;
    },
  } as unknown as EventStore;
}
