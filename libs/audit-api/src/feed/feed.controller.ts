import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { recordAuditing } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import { AuditDoor } from '../door/audit-door.ts';
import { AuditApiBusy } from '../door/audit-request-refused.ts';
import { queryOf } from '../door/read-request.ts';
import { AuditApiSettings } from '../settings.ts';
import { cefLine } from './cef.ts';
import { Followers } from './followers.ts';
import { follow } from './follow.ts';
import type { Followed } from './follow.ts';
import { parsePlace, placeText, requireSameRecord } from './feed-place.ts';
import { ocsfEvent } from './ocsf.ts';

const [MAX_EVENTS, DEFAULT_EVENTS] = [1000, 100];
/** 60 s: what proxies let an answer wait at the least. */
const MAX_WAIT_SECONDS = 60;
const FEEDS_AT_ONCE = 16;

const between = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `is a whole number from ${low} to ${high}`)
    .transform(Number)
    .refine((number) => number >= low && number <= high, `is a whole number from ${low} to ${high}`);
const asked = z.strictObject({
  after: z.string().max(300).optional(),
  limit: between(1, MAX_EVENTS).default(DEFAULT_EVENTS),
  wait: between(0, MAX_WAIT_SECONDS).default(0),
  form: z.enum(['json', 'ocsf', 'cef']).default('json'),
});

/** The record as other systems follow it: each event at least once, in the order of the record, from wherever they stopped. */
@Controller('api/v1/audit/feed')
export class AuditFeedController {
  private readonly followers = new Followers();
  private waiting = 0;

  constructor(
    private readonly door: AuditDoor,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: AuditApiSettings,
  ) {}

  @Get()
  async feed(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:export', asked: 'feed' }, async (clientId) => {
      const { after, limit, wait, form } = queryOf(request, asked);
      const place = after === undefined ? null : parsePlace(after);
      if (place !== null) await requireSameRecord(this.store, place);
      await this.record(clientId, place === null);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const followed = await this.waitingFor(wait, () =>
        follow(this.store, place, { limit, waitMs: wait * 1000, signal: gone.signal }),
      );
      if (!response.destroyed) answer(response, followed, form, this.settings.release);
    });
  }

  /** @throws AuditApiBusy */
  private async waitingFor(waitSeconds: number, work: () => Promise<Followed>): Promise<Followed> {
    const most = this.settings.feedsAtOnce ?? FEEDS_AT_ONCE;
    if (waitSeconds === 0) return work();
    if (this.waiting >= most) throw new AuditApiBusy(`${most} programs wait for events already`);
    this.waiting++;
    try {
      return await work();
    } finally {
      this.waiting--;
    }
  }

  private async record(clientId: string, isBeginning: boolean): Promise<void> {
    const exportedAt = this.clock.now();
    if (!this.followers.isDue(clientId, exportedAt, isBeginning)) return;
    const data = { askedBy: clientId, through: 'api' as const, fields: [], form: 'feed' as const, exportedAt };
    await recordAuditing(this.store, { type: 'AuditTrailExported', data });
  }
}

function answer(response: Response, followed: Followed, form: 'json' | 'ocsf' | 'cef', release: string): void {
  const { events, isCaughtUp } = followed;
  const next = followed.place === null ? null : placeText(followed.place);
  if (form === 'cef') {
    if (next !== null) response.setHeader('Segl-Next', next);
    response.setHeader('Segl-Caught-Up', String(isCaughtUp));
    response.type('text/plain; charset=utf-8').send(events.map((event) => `${cefLine(event, release)}\n`).join(''));
    return;
  }
  response.json({
    events: form === 'json' ? events : events.map((event) => ocsfEvent(event, release)),
    next,
    isCaughtUp,
  });
}
