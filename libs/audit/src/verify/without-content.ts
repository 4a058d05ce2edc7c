import type { RecordHeader } from './leaf-of-record.ts';

/** Events of an export that stand there by their leaves alone: proven as all others, and nobody can say any more what was in them. */
export interface WithoutContent {
  readonly events: number;
  /** Of types, and of times, whose removal the record itself announced (`ContentRemovalBegun`) within what was exported. */
  readonly byRetention: number;
}

/** Types that are told apart: a record has some fifty. What an export makes up beyond that is nobody's retention. */
const MAX_TYPES = 1000;

/** Counts leaves as they come, and asks at the end which of them retention explains. */
export class LeavesAlone {
  private readonly byType = new Map<string, { events: number; newest: string }>();
  private readonly removedBefore = new Map<string, string>();
  private events = 0;

  see({ type, time }: RecordHeader): void {
    this.events++;
    const seen = this.byType.get(type) ?? { events: 0, newest: '' };
    if (seen.events === 0 && this.byType.size >= MAX_TYPES) return;
    this.byType.set(type, { events: seen.events + 1, newest: time > seen.newest ? time : seen.newest });
  }

  /** Learns from the record of an event what was to be removed. */
  learn({ type, stream }: RecordHeader, record: string): void {
    if (stream !== 'retention-contents' || type !== 'ContentRemovalBegun') return;
    const { data } = JSON.parse(record) as { data?: { rules?: unknown } };
    if (!Array.isArray(data?.rules)) return;
    for (const rule of data.rules as ({ types?: unknown; before?: unknown } | null)[]) {
      if (!Array.isArray(rule?.types) || typeof rule.before !== 'string') continue;
      for (const name of rule.types.map(String)) {
        if (rule.before > (this.removedBefore.get(name) ?? '')) this.removedBefore.set(name, rule.before);
      }
    }
  }

  /** Null where every event has its content. */
  result(): WithoutContent | null {
    if (this.events === 0) return null;
    let byRetention = 0;
    for (const [type, { events, newest }] of this.byType)
      if (newest < (this.removedBefore.get(type) ?? '')) byRetention += events;
    return { events: this.events, byRetention };
  }
}
