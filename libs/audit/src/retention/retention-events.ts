import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor } from '#libs/event-store';
import type { Instant, Mandate } from '#libs/vocabulary';
import type { RetentionKind } from './retention-rules.ts';

/**
 * The stream `retention-contents`: which events lost their content, by which rule and in whose name. What is left of each is its leaf. That it begins is
 * recorded before the first content goes, so that no crash leaves a removal that nobody knows of, and a verifier of the record can say what
 * explains a leaf that stands alone (LEDGER.md).
 */
export type RetentionEvent =
  | DomainEvent<
      'ContentRemovalBegun',
      Mandate & {
        /** Events of these types that were recorded before that moment: no others. */
        readonly rules: { readonly kind: RetentionKind; readonly types: string[]; readonly before: Instant }[];
        readonly begunAt: Instant;
      }
    >
  | DomainEvent<
      'ContentRemoved',
      {
        readonly by: string;
        readonly rules: {
          readonly kind: RetentionKind;
          readonly before: Instant;
          readonly removed: number;
          /** Old enough and left as they are: of persons under legal hold, and of messages that can still be opened. */
          readonly held: number;
          readonly alive: number;
          /** Events recorded before that moment were not looked at: earlier runs had. Not there: all were looked at. */
          readonly lookedFrom?: Instant;
          /** When the oldest was recorded that was left as it is, where one was: the next run begins there. */
          readonly leftFrom?: Instant;
        }[];
        readonly removedAt: Instant;
      }
    >;

export const retentionEvents = {
  category: 'retention',
  names: 'nothing',
  events: {
    ContentRemovalBegun: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'begunAt', caseNumber: 'caseNumber', reason: 'reason' },
      words: ['by', 'approvedBy', 'caseNumber', 'reason'],
    },
    ContentRemoved: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'removedAt' },
      words: ['by'],
    },
  },
} as const satisfies StreamDescriptor<RetentionEvent>;

export const RETENTION_STREAM = streamName(retentionEvents.category, 'contents');
