import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, NotFoundException } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { streamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { Metrics } from './metrics.ts';
import { TimedEventStore } from './timed-event-store.ts';

@Controller('m')
class MessageController {
  @Get(':messageId') page() {
    return 'message';
  }
  @Get(':messageId/gone') gone() {
    throw new NotFoundException();
  }
}

let dueSeconds: number | null = 1_772_539_200;
let app: INestApplication;
let url: string;
const metrics = new Metrics({
  waiting: () => Promise.resolve({ usedBytes: 1234, maxBytes: 5678 }),
  projections: () => [{ name: 'telemetry-tallies.v1', lagSeconds: 1.5, stop: {} }],
  foreignEvents: () => 3,
  newestBackupSeconds: () => Promise.resolve(1_772_366_400),
  retentionEndedSeconds: () => Promise.resolve(1_772_366_500),
  retentionDueSeconds: () => Promise.reject(new Error('the record does not answer')),
  checkpointsNotCopied: () => 1,
  witnessesFailing: () => 2,
  backupDueSeconds: () => Promise.resolve(dueSeconds),
});

beforeAll(async () => {
  const controllers = [MessageController];
  const module = await Test.createTestingModule({
    controllers,
    providers: [{ provide: Metrics, useValue: metrics }],
  }).compile();
  app = module.createNestApplication({ bodyParser: false, logger: false });
  app.use(metrics.middleware);
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});
afterAll(() => app.close());

async function scrape(): Promise<string> {
  return (await metrics.scrape()).text;
}

describe('/metrics', () => {
  it('counts requests by the pattern of their route, so that no id becomes a series', async () => {
    const userAgent = { 'user-agent': 'Mozilla/5.0 MARKER Firefox/145.0' };
    for (const path of ['/m/aaaa', '/m/bbbb', '/m/cccc/gone', '/wp-login.php?MARKER'])
      await (await fetch(url + path, { headers: userAgent })).text();
    const text = await scrape();
    expect(text).toContain('segl_http_requests_total{method="GET",route="/m/:messageId",status="200"} 2');
    expect(text).toContain('segl_http_requests_total{method="GET",route="/m/:messageId/gone",status="404"} 1');
    expect(text).toContain('segl_http_requests_total{method="GET",route="none",status="404"} 1');
    expect(text).not.toMatch(/aaaa|bbbb|wp-login|MARKER|firefox|browser|127\.0\.0\.1/i);
  });

  it('tells how the machine is doing', async () => {
    metrics.countView('page');
    metrics.countDenial('revoked');
    metrics.countEvent('OtpDelivered');
    metrics.countEvent('MessageSealed');
    metrics.countError('event-store-unavailable');
    metrics.countSmtpConnection('taken');
    for (const code of [250, 451, 452, 0]) metrics.countSmtpMail(code);
    const text = await scrape();
    for (const line of [
      'segl_retention_last_run_timestamp_seconds 1772366500',
      'segl_retention_due_timestamp_seconds Nan',
      'segl_ledger_copies_failing 1',
      'segl_ledger_witnesses_failing 2',
      'segl_message_views_total{form="page"} 1',
      'segl_view_denials_total{reason="not-openable"} 1',
      'segl_events_total{type="OtpDelivered"} 1',
      'segl_events_total{type="MessageSealed"} 1',
      'segl_errors_total{kind="event-store-unavailable"} 1',
      'segl_smtp_connections_total{outcome="taken"} 1',
      'segl_smtp_mails_total{answer="2xx"} 1',
      'segl_smtp_mails_total{answer="4xx"} 2',
      'segl_smtp_mails_total{answer="none"} 1',
      'segl_waiting_bytes 1234',
      'segl_waiting_max_bytes 5678',
      'segl_projection_lag_seconds{projection="telemetry-tallies.v1"} 1.5',
      'segl_newest_backup_timestamp_seconds 1772366400',
      'segl_backup_due_timestamp_seconds 1772539200',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds \d/);
    expect((await metrics.scrape()).contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('says of no backup that it is due while nothing is recorded', async () => {
    dueSeconds = null;
    expect(await scrape()).not.toMatch(/^segl_backup_due_timestamp_seconds/m);
  });

  it('times the appends to the event store', async () => {
    const sqlite = await openTemporarySqlite();
    try {
      const store = new TimedEventStore(sqlite.store, metrics);
      const stream = streamName('test', 'a');
      const events = [{ type: 'Happened', data: {} }];
      await store.append(stream, 'NONE', events);
      await expect(store.append(stream, 'NONE', events)).rejects.toMatchObject({ code: 'revision-conflict' });
      await store.checkWritable();
      const read = [];
      for await (const event of store.readStream(stream)) read.push(event.type);
      for await (const event of store.readAll()) read.push(event.type);
      expect(read).toEqual(['Happened', 'Happened']);
      await store.close();
      const text = await scrape();
      expect(text).toContain('segl_event_append_seconds_count{outcome="appended"} 1');
      expect(text).toContain('segl_event_append_seconds_count{outcome="conflict"} 1');
    } finally {
      await sqlite.cleanUp();
    }
  });
});
