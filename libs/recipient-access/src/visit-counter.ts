import type { PersonId } from '#libs/vocabulary';

/** What this room reports to telemetry and metrics; the app connects it. Nothing of it identifies anyone. */
export abstract class VisitCounter {
  /** A message was shown; `handedInSeconds` since the carrier came in, where this process knows it. */
  abstract viewed(visit: PersonsVisit, form: 'page' | 'print', handedInSeconds: number | null): void;
  /** `shown`: an attachment that was looked at in the browser. */
  abstract downloaded(visit: PersonsVisit, what: 'original' | 'attachment' | 'shown'): void;
  abstract signedIn(visit: PersonsVisit, method: string): void;
  /** Nothing was shown; readers got the same answer whatever the reason. */
  abstract denied(reason: string): void;
}

export interface Visit {
  readonly userAgent: string | undefined;
}

/** Tells persons apart while they are counted in memory; never written. */
export interface PersonsVisit extends Visit {
  /** The id of a person who has proven an address. Never a session or a network: a visitor can have as many of those as they like. */
  readonly visitId: PersonId;
}
