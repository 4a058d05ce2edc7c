import { Controller, Get, Param, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { csvField } from '#libs/audit';
import { ReadModels } from '#libs/event-store';
import { readTelemetry } from '#libs/telemetry';
import { downloadHeaders, PageError, RequestLocale } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { isCounted, shownCounts } from './shown-counts.ts';

const COLUMNS = ['dimension', 'value', 'from', 'until', 'persons', 'margin', 'epsilon'] as const;

/**
 * What telemetry wrote, with its margins. It identifies nobody and is nothing of the trail, so operators see it too, and no question is recorded.
 */
@Controller('console/counts')
export class CountsController {
  constructor(private readonly readModels: ReadModels) {}

  /** @param given the first day of a period; the newest one where none is asked for */
  @Get()
  @Render('console/counts/counts')
  @ForRole('operator', 'auditor')
  page(@WhoAsks() asker: SignedIn, @RequestLocale() locale: Locale, @Query('from') given: unknown) {
    const counts = shownCounts(readTelemetry(this.readModels.db), given, locale);
    if (counts === 'no-such-period') throw new PageError(404);
    return { ...consolePage(asker, '/console/counts'), counts };
  }

  /** Every period, in the words of the record. */
  @Get(':dimension/csv')
  @ForRole('operator', 'auditor')
  file(@Param('dimension') dimension: string, @Res() response: Response): void {
    if (!isCounted(dimension)) throw new PageError(404);
    const rows = readTelemetry(this.readModels.db).filter((row) => row.dimension === dimension);
    const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))];
    downloadHeaders(response);
    response.setHeader('Content-Disposition', `attachment; filename="segl-counts-${dimension}.csv"`);
    response.type('text/csv').send(lines.map((line) => `${line.map(String).map(csvField).join(',')}\r\n`).join(''));
  }
}
