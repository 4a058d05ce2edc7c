import { Controller, Get, Query, Render } from '@nestjs/common';
import { AUDITED_TYPES } from '#libs/audit';
import { PersonDirectory } from '#libs/keyring';
import { NOT_ARRIVED } from '../deliveries/deliveries.controller.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { mayAs } from '../roles.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { askedWith, canarySwitch } from '../trail/canary-switch.ts';
import { titleOf } from '../trail/event-words.ts';
import { ShownEvents } from '../trail/shown-event.ts';
import { StateOfRecord } from './state-of-record.ts';

const LATEST_ROWS = 12;
const LATEST_NOT_ARRIVED = 5;
/** What auditors themselves do would be all that is to be seen. */
const LATEST_TYPES = AUDITED_TYPES.filter((type) => !type.startsWith('Audit'));

/** What happened lately, and whether the record is followed, signed and published. */
@Controller('console')
export class OverviewController {
  constructor(
    private readonly trail: AskTrail,
    private readonly state: StateOfRecord,
    private readonly persons: PersonDirectory,
  ) {}

  @Get()
  @Render('console/overview/overview')
  @ForRole('auditor', 'operator')
  async overview(@WhoAsks() asker: SignedIn, @Query() query: Readonly<Record<string, unknown>>) {
    const canary = canarySwitch('/console', query);
    const asked = askedWith(canary, ['types']);
    const isReader = mayAs(asker.roles, ['auditor']);
    const filter = { types: LATEST_TYPES, ...asked.filter };
    const paging = { order: 'newest-first', limit: LATEST_ROWS } as const;
    const latest = isReader ? await this.trail.search(asker, filter, paging, asked.about) : null;
    const failed = { ...paging, limit: LATEST_NOT_ARRIVED };
    const notArrived = isReader
      ? (await this.trail.search(asker, { types: NOT_ARRIVED, ...asked.filter }, failed, asked.about)).rows
      : [];
    return {
      ...consolePage(asker, '/console'),
      ...{ ...this.state.now(), canary },
      latest: await new ShownEvents(this.persons).rows(latest?.rows ?? [], latest?.timeBefore),
      notArrived: notArrived.map(({ time, type, messageId }) => ({
        ...{ time, title: titleOf(type), messageId: messageId ?? '' },
      })),
    };
  }
}
