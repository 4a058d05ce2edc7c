/** What the double keeps, and the rules by which a server takes an append (reference/eventstore.md §3). No protocol here. */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly place: bigint;
}

export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly last: StoredEvent }
  | { readonly kind: 'conflict'; readonly current: bigint | null }
  | { readonly kind: 'too-large'; readonly limit: number };

export const MAX_APPEND_BYTES_OF_SERVER = 1024 * 1024;

export class DoubleLog {
  readonly all: StoredEvent[] = [];
  private readonly streams = new Map<string, StoredEvent[]>();
  private readonly followers = new Set<() => void>();
  private nextPlace = 0n;

  constructor() {
    this.systemEvent();
  }

  /** @param expected  -1 for no stream */
  append(stream: string, expected: bigint, events: readonly Proposed[]): AppendOutcome {
    const bytes = events.reduce((sum, { data, type }) => sum + data.length + 2 * type.length, 0);
    if (bytes >= MAX_APPEND_BYTES_OF_SERVER) return { kind: 'too-large', limit: MAX_APPEND_BYTES_OF_SERVER };
    const there = this.streams.get(stream) ?? [];
    const current = BigInt(there.length) - 1n;
    if (current !== expected) {
      const repeated = there.slice(Number(expected) + 1, Number(expected) + 1 + events.length);
      const isRepetition =
        expected < current &&
        repeated.length === events.length &&
        repeated.every(({ id }, index) => id === events[index]?.id);
      const last = repeated.at(-1);
      if (isRepetition && last !== undefined) return { kind: 'appended', last };
      return { kind: 'conflict', current: current === -1n ? null : current };
    }
    const written = events.map((event, index) => this.write(stream, expected + 1n + BigInt(index), event));
    if (this.all.length % 10 === 0) this.systemEvent();
    this.tell();
    return { kind: 'appended', last: written.at(-1) as StoredEvent };
  }

  /** Statistics, as servers write them among everything else. */
  systemEvent(): void {
    const stream = '$stats-127.0.0.1:2113';
    const revision = BigInt(this.stream(stream).length);
    const data = Buffer.from('{"proc-cpu":1}');
    const event = { id: crypto.randomUUID(), type: '$statsCollected', contentType: 'application/json', data };
    this.write(stream, revision, event);
    this.tell();
  }

  /** An event that is there without anyone having been checked: another program's, or a damaged one. */
  plant(stream: string, event: Proposed): void {
    this.write(stream, BigInt(this.stream(stream).length), event);
    this.tell();
  }

  stream(name: string): readonly StoredEvent[] {
    return this.streams.get(name) ?? [];
  }

  /** Calls back whenever there is more, until what it returns is called. */
  follow(onMore: () => void): () => void {
    this.followers.add(onMore);
    return () => this.followers.delete(onMore);
  }

  private write(stream: string, revision: bigint, event: Proposed): StoredEvent {
    const stored = { ...event, stream, revision, place: this.nextPlace };
    // Not dense: a place is an offset in a file.
    this.nextPlace += BigInt(event.data.length + 137);
    this.all.push(stored);
    const events = this.streams.get(stream);
    if (events === undefined) this.streams.set(stream, [stored]);
    else events.push(stored);
    return stored;
  }

  private tell(): void {
    for (const onMore of [...this.followers]) onMore();
  }
}
