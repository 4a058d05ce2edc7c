import { describe, expect, it } from '@jest/globals';
import type { EventStore } from '#libs/event-store';
import { Metrics, Telemetry } from '#libs/telemetry';
import type { TelemetryEvent } from '#libs/telemetry';
import { FixedClock, instantOf, newPersonId } from '#libs/vocabulary';
import { CountedVisits } from './visits.ts';

const DAY_SECONDS = 24 * 3600;

describe('what readers do', () => {
  it('is counted by persons for telemetry, and by the machine for metrics', async () => {
    const written: TelemetryEvent[] = [];
    const append = (_: string, __: unknown, events: readonly TelemetryEvent[]) => {
      written.push(...events);
      return Promise.resolve({ revision: written.length - 1 });
    };
    const clock = new FixedClock(instantOf('2026-11-22T12:00:00Z'));
    const readStream = () => [];
    const telemetry = new Telemetry({ append, readStream } as unknown as EventStore, clock, {
      monotonicMs: () => Date.parse(clock.now()),
    });
    const metrics = new Metrics();
    const visits = new CountedVisits(telemetry, metrics);
    for (let person = 0; person < 1000; person++) {
      const visit = { visitId: newPersonId(), userAgent: undefined };
      visits.viewed(visit, 'page', 20);
      visits.downloaded(visit, 'attachment');
      visits.signedIn(visit, 'passcode');
      visits.denied('revoked');
    }
    clock.advance(30 * DAY_SECONDS);
    await telemetry.stop();
    const cells = written.flatMap(({ data }) => data.cells.map(({ value }) => `${data.dimension}: ${value}`));
    expect(cells.sort()).toEqual([
      'app: other',
      'attachment-download: attachment',
      'browser: other',
      'hand-in-to-page: under-30-seconds',
      'message-view: page',
      'sign-in: passcode',
      'system: other',
    ]);
    const scraped = await metrics.registry.metrics();
    expect(scraped).toContain('segl_message_views_total{form="page"} 1000');
    expect(scraped).toContain('segl_view_denials_total{reason="not-openable"} 1000');
    expect(scraped).not.toMatch(/browser|person/);
  });

  it('is counted nowhere where the canary did it', async () => {
    const counted: unknown[] = [];
    const telemetry = {
      count: (...given: unknown[]) => counted.push(given),
      countClient: (...given: unknown[]) => counted.push(given),
      countHandInToPage: (...given: unknown[]) => counted.push(given),
    } as unknown as Telemetry;
    const [metrics, canary] = [new Metrics(), newPersonId()];
    const visits = new CountedVisits(telemetry, metrics, canary);
    visits.signedIn({ visitId: canary, userAgent: 'Segl-Canary' }, 'passcode');
    visits.viewed({ visitId: canary, userAgent: 'Segl-Canary' }, 'page', 2);
    expect(counted).toEqual([]);
    expect(await metrics.registry.getSingleMetricAsString('segl_message_views_total')).not.toContain('page');
    visits.signedIn({ visitId: newPersonId(), userAgent: undefined }, 'passcode');
    expect(counted).toHaveLength(1);
  });
});
