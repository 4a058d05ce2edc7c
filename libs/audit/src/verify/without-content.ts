import type { RecordHeader } from './leaf-of-record.ts';

/** Events of an export that stand there by their leaves alone: proven as all others, and nobody can say any more what was in them. */
export interface WithoutContent {
  readonly events: number;
  /** Of types that may be removed, and of times whose removal the record itself announced (`ContentRemovalBegun`) within what was exported. */
  readonly byRetention: number;
}

/**
 * Whose content retention may remove, and of nothing else: what else an announcement names, it explains nothing of. A list of
 * its own, as everything here (a test compares it with what the writer removes); a type that retention stops removing stays in it.
 */
export const REMOVABLE_TYPES: ReadonlySet<string> = new Set([
  ...['MessageViewed', 'AttachmentViewed', 'AttachmentDownloaded'],
  ...['RecipientAuthenticated', 'AuthenticationFailed'],
  ...['OtpIssued', 'OtpDelivered', 'OtpDeliveryFailed', 'OtpRejected', 'OtpAccepted', 'OtpExhausted'],
  ...['CarrierOpened', 'OpeningsSummarised', 'ViewDenied'],
  ...['AuditTrailQueried', 'AuditTrailExported', 'AuditAccessRefused', 'AuditorSignedIn'],
]);

/** 30 days before it is announced: retention never removes what is younger. */
export const REMOVABLE_AFTER_MS = 30 * 86_400_000;

/** Types that are told apart: a record has some fifty. What an export makes up beyond that is nobody's retention. */
const MAX_TYPES = 1000;

/** Counts leaves as they come, and asks at the end which of them retention explains. */
export class LeavesAlone {
  private readonly byType = new Map<string, { events: number; newestMs: number }>();
  private readonly removedBeforeMs = new Map<string, number>();
  private events = 0;

  see({ type, time }: RecordHeader): void {
    this.events++;
    const seen = this.byType.get(type) ?? { events: 0, newestMs: -Infinity };
    if (seen.events === 0 && this.byType.size >= MAX_TYPES) return;
    // A time that is none is older than nothing.
    this.byType.set(type, { events: seen.events + 1, newestMs: Math.max(seen.newestMs, momentOf(time) ?? Infinity) });
  }

  /** Learns from the record of an event what was to be removed: of the types that may be, and old enough at the time of the record. */
  learn({ type, stream, time }: RecordHeader, record: string): void {
    if (stream !== 'retention-contents' || type !== 'ContentRemovalBegun') return;
    const announcedMs = momentOf(time);
    const { data } = JSON.parse(record) as { data?: { rules?: unknown } };
    if (!Array.isArray(data?.rules) || announcedMs === null) return;
    for (const rule of data.rules as ({ types?: unknown; before?: unknown } | null)[]) {
      const beforeMs = momentOf(rule?.before);
      if (!Array.isArray(rule?.types) || beforeMs === null || beforeMs > announcedMs - REMOVABLE_AFTER_MS) continue;
      for (const name of rule.types.map(String)) {
        if (REMOVABLE_TYPES.has(name) && beforeMs > (this.removedBeforeMs.get(name) ?? -Infinity))
          this.removedBeforeMs.set(name, beforeMs);
      }
    }
  }

  /** Null where every event has its content. */
  result(): WithoutContent | null {
    if (this.events === 0) return null;
    let byRetention = 0;
    for (const [type, { events, newestMs }] of this.byType)
      if (newestMs < (this.removedBeforeMs.get(type) ?? -Infinity)) byRetention += events;
    return { events: this.events, byRetention };
  }
}

/** Milliseconds since 1970 of a moment as records have it (RFC 3339, in UTC); null for anything else. */
function momentOf(value: unknown): number | null {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
