import type { MessageId, PersonId } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import { termOf } from '../read-models/audit-terms.ts';
import type { AuditPaging } from './audit-filter.ts';
import type { AuditPage, AuditRow } from './audit-page.ts';
import type { AuditTrailSource } from './audit-trail-source.ts';

/** An event with what it rests on. */
export interface TimelineEntry {
  readonly row: AuditRow;
  /** The sign-in of a view or download; null for other events, and where the event does not name one (before version 2). */
  readonly signIn: AuditRow | null;
  /** What was recorded about the code that the sign-in rests on: issued, delivered, entered. Empty for an account. */
  readonly challenge: readonly AuditRow[];
}

export interface Timeline extends Omit<AuditPage, 'rows'> {
  readonly entries: readonly TimelineEntry[];
}

/** Of one challenge at most: five wrong codes, and what was sent. */
const MAX_CHALLENGE_EVENTS = 50;

/** Everything about one message, each view with the sign-in and the code or account that it rests on. @throws BadAuditQuery */
export async function messageTimeline(
  trail: AuditTrailSource,
  messageId: MessageId,
  paging: AuditPaging = {},
): Promise<Timeline> {
  return timelineOf(trail, await trail.page({ messageId }, paging));
}

/** Everything in which one person takes a part, likewise. @throws BadAuditQuery */
export async function personTimeline(
  trail: AuditTrailSource,
  personId: PersonId,
  paging: AuditPaging = {},
): Promise<Timeline> {
  return timelineOf(trail, await trail.page({ personId }, paging));
}

async function timelineOf(trail: AuditTrailSource, { rows, ...page }: AuditPage): Promise<Timeline> {
  // A sign-in is recorded before anything that rests on it: the first of its list.
  const signIns = await firstOf(trail, 'sign-in', rows.map(signInUnder), 1);
  const signInOf = (row: AuditRow): AuditRow | null => signIns.get(signInUnder(row) ?? '')?.[0] ?? null;
  const challenges = await firstOf(
    trail,
    'challenge',
    rows.map((row) => challengeUnder(row, signInOf(row))),
    MAX_CHALLENGE_EVENTS,
  );
  const entries = rows.map((row): TimelineEntry => {
    const signIn = signInOf(row);
    const challenge = (challenges.get(challengeUnder(row, signIn) ?? '') ?? []).filter(
      ({ eventId }) => eventId !== row.eventId && eventId !== signIn?.eventId,
    );
    return { row, signIn, challenge };
  });
  return { ...page, entries };
}

/** Asked once for each, however many rows rest on it. */
async function firstOf(
  trail: AuditTrailSource,
  kind: 'sign-in' | 'challenge',
  ids: readonly (string | null)[],
  limit: number,
): Promise<ReadonlyMap<string, readonly AuditRow[]>> {
  const wanted = [...new Set(ids)].filter((id) => id !== null);
  if (wanted.length === 0) return new Map();
  const found = await trail.rowsOfTerms(
    wanted.map((id) => termOf(kind, id)),
    limit,
  );
  return new Map(wanted.map((id, index) => [id, found[index] ?? []]));
}

/** The id of the sign-in that a row rests on; null when it names none, or is one itself. */
function signInUnder(row: AuditRow): string | null {
  const { signInId } = factsOf(row);
  return signInId === undefined || signInId === row.eventId ? null : signInId;
}

/** An event of the challenge itself stands for itself. */
function challengeUnder(row: AuditRow, signIn: AuditRow | null): string | null {
  if (signIn !== null) return factsOf(signIn).challengeId ?? null;
  const { signInId, challengeId } = factsOf(row);
  return signInId === row.eventId ? (challengeId ?? null) : null;
}

function factsOf(row: AuditRow): ReturnType<typeof eventCatalogue.describe>['facts'] {
  return eventCatalogue.describe({ ...row, id: row.eventId }).facts;
}
