import { describe, expect, it } from '@jest/globals';
import type { EventStore } from '#libs/event-store';
import { Metrics, Telemetry } from '#libs/telemetry';
import type { TelemetryEvent } from '#libs/telemetry';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { CountedVisits } from './visits.ts';

describe('what readers do', () => {
  it('is counted by visits for telemetry, and by the machine for metrics', async () => {
    const written: TelemetryEvent[] = [];
    const append = (_: string, __: unknown, events: readonly TelemetryEvent[]) => {
      written.push(...events);
      return Promise.resolve({ revision: written.length - 1 });
    };
    const clock = new FixedClock(instantOf('2026-11-22T12:00:00Z'));
    const telemetry = new Telemetry({ append } as unknown as EventStore, clock);
    const metrics = new Metrics();
    const visits = new CountedVisits(telemetry, metrics);
    for (let person = 0; person < 10; person++) {
      const visit = { visitId: `person ${person}`, userAgent: undefined };
      visits.viewed(visit, 'page', 20);
      visits.downloaded(visit, 'attachment');
      visits.signedIn(visit, 'passcode');
      visits.denied(visit.visitId, 'expired');
      if (person > 0) visits.denied(visit.visitId, 'revoked'); // nine
    }
    await telemetry.stop();
    const counts = written.flatMap(({ data }) =>
      data.cells.map(({ value, count }) => `${data.dimension}: ${value} ${count}`),
    );
    expect(counts.sort()).toEqual([
      'app: other 10',
      'attachment-download: attachment 10',
      'browser: other 10',
      'error: not-shown-expired 10',
      'hand-in-to-page: under-30-seconds 10',
      'message-view: page 10',
      'sign-in: passcode 10',
      'system: other 10',
    ]);
    const scraped = await metrics.registry.metrics();
    expect(scraped).toContain('segl_message_views_total{form="page"} 10');
    expect(scraped).toContain('segl_view_denials_total{reason="not-openable"} 19');
    expect(scraped).not.toMatch(/browser|person/);
  });
});
