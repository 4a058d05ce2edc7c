import { Controller, Get, Param, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AuditTrailThread, csvField, FIGURE_DAYS, FIGURE_KINDS, figuresOf, recordAuditing } from '#libs/audit';
import type { FigureDays } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import { downloadHeaders, PageError, RequestLocale } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { ConsoleSettings } from '../settings.ts';
import { askerAtConsole } from '../trail/ask-trail.ts';
import { shownFigures } from './shown-figures.ts';

const DEFAULT_DAYS = 30;

/** What a person would rather look at than read: counts of the record, each as a chart, a table and a file. */
@Controller('console/charts')
export class ChartsController {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Render('console/charts/charts')
  @ForRole('auditor')
  async all(@WhoAsks() asker: SignedIn, @RequestLocale() locale: Locale, @Query('days') given: unknown) {
    const days = daysIn(given);
    const charts = [];
    for (const kind of FIGURE_KINDS)
      charts.push(shownFigures(await figuresOf(this.trail, kind, this.span(days)), locale));
    const now = this.clock.now();
    const data = {
      ...askerAtConsole(asker),
      fields: ['figures'],
      question: 'search',
      rows: 0,
      queriedAt: now,
    } as const;
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data: { ...data, fields: [...data.fields] } });
    const spans = FIGURE_DAYS.map((choice) => ({ days: choice, isChosen: choice === days }));
    return { ...consolePage(asker, '/console/charts'), charts, days, spans, zone: this.settings.timeZone };
  }

  @Get(':kind/csv')
  @ForRole('auditor')
  async file(
    @WhoAsks() asker: SignedIn,
    @Param('kind') name: string,
    @Query('days') given: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const kind = FIGURE_KINDS.find((known) => known === name);
    if (kind === undefined) throw new PageError(404);
    const days = daysIn(given);
    const { by, along, series, counts } = await figuresOf(this.trail, kind, this.span(days));
    const exportedAt = this.clock.now();
    const data = { ...askerAtConsole(asker), fields: ['figures', kind], form: 'csv' as const, exportedAt };
    await recordAuditing(this.store, { type: 'AuditTrailExported', data });
    // In the words of the record, so that what is made with it does not depend on a language.
    const lines = [[by, ...series], ...along.map((key, n) => [key, ...series.map((_, m) => counts[n]?.[m] ?? 0)])];
    downloadHeaders(response);
    response.setHeader('Content-Disposition', `attachment; filename="segl-${kind}-${days}-days.csv"`);
    response.type('text/csv').send(lines.map((line) => `${line.map(String).map(csvField).join(',')}\r\n`).join(''));
  }

  private span(days: FigureDays) {
    return { days, timeZone: this.settings.timeZone, now: this.clock.now() };
  }
}

function daysIn(given: unknown): FigureDays {
  if (given === undefined) return DEFAULT_DAYS;
  const days = FIGURE_DAYS.find((known) => String(known) === given);
  if (days === undefined) throw new PageError(400);
  return days;
}
