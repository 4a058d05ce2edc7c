/** What this room tells telemetry and metrics; the app connects it. Nothing that is told identifies anyone. */
export abstract class VisitCounter {
  /** A message was shown; `handedInSeconds` since the carrier came in, where this process knows it. */
  abstract viewed(visit: Visit, form: 'page' | 'print', handedInSeconds: number | null): void;
  /** `shown`: an attachment that was looked at in the browser. */
  abstract downloaded(visit: Visit, what: 'original' | 'attachment' | 'shown'): void;
  abstract signedIn(visit: Visit, method: string): void;
  /** Nothing was shown; readers were told one thing whatever the reason. */
  abstract denied(visitId: string, reason: string): void;
}

/** Tells visits apart while they are counted in memory; never written. */
export interface Visit {
  /** The person once that is known, since sessions change at each sign-in and one person is not ten visits. */
  readonly visitId: string;
  readonly userAgent: string | undefined;
}
