import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { BadAuditQuery } from '#libs/audit';
import { PersonDirectory } from '#libs/keyring';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { ConsoleSettings } from '../settings.ts';
import { AskTrail } from '../trail/ask-trail.ts';
import { pagingOf, placeIn, ROWS_OF_A_PAGE } from '../trail/paging.ts';
import { ShownEvents } from '../trail/shown-event.ts';
import { askedIn, faultsOf, PERSON_FIELDS, understandQuestion } from './question.ts';
import type { Asked, Faults, UnderstoodQuestion } from './question.ts';
import { questionForm } from './question-form.ts';

const HERE = '/console/search';
type Order = 'newest-first' | 'oldest-first';

/**
 * What happened, by everything that the record can be asked by. The form is sent, since it may hold an address; what it leads to is a
 * page with persons by their ids, which can be gone back to, and forth from place to place.
 */
@Controller('console/search')
export class SearchController {
  constructor(
    private readonly trail: AskTrail,
    private readonly persons: PersonDirectory,
    private readonly settings: ConsoleSettings,
  ) {}

  @Post()
  @ForRole('auditor')
  async ask(
    @WhoAsks() asker: SignedIn,
    @Body() form: Readonly<Record<string, string>>,
    @Res() response: Response,
  ): Promise<void> {
    const asked = askedIn(form);
    const order = orderIn(form);
    const question = await understandQuestion(asked, this.persons, this.settings.timeZone);
    if ('faults' in question) return this.refuse(response, asker, asked, order, question.faults);
    if (question.nobody.length > 0) {
      await this.trail.foundNobody(asker, question.about);
      const faults = Object.fromEntries(question.nobody.map((field) => [field, 'console.faults.nobody'])) as Faults;
      return this.refuse(response, asker, asked, order, faults);
    }
    response.redirect(303, `${HERE}?${new URLSearchParams({ order, ...question.byIds })}`);
  }

  @Get()
  @ForRole('auditor')
  async found(
    @WhoAsks() asker: SignedIn,
    @Query() query: Readonly<Record<string, unknown>>,
    @Res() response: Response,
  ): Promise<void> {
    const asked = askedIn(query);
    const order = orderIn(query);
    if (query['order'] === undefined) {
      const found = { hasAnswer: false, rows: [], exportHref: '', paging: pagingOf(NOTHING, HERE) };
      return response.render('console/search/search', { ...this.view(asker, asked, order), ...found });
    }
    const isByAddress = PERSON_FIELDS.filter((field) => asked[field]?.includes('@') === true);
    const question: UnderstoodQuestion | { readonly faults: Faults } =
      isByAddress.length > 0
        ? { faults: Object.fromEntries(isByAddress.map((field) => [field, 'console.faults.address'])) as Faults }
        : await understandQuestion(asked, this.persons, this.settings.timeZone);
    if ('faults' in question) return this.refuse(response, asker, asked, order, question.faults);
    const paging = { order, limit: ROWS_OF_A_PAGE, ...placeIn(query) };
    try {
      const page = await this.trail.search(asker, question.filter, paging, question.about);
      const rows = await new ShownEvents(this.persons).rows(page.rows, page.timeBefore);
      const found = { hasAnswer: true, rows, paging: pagingOf(page, HERE, { order, ...asked }) };
      const exportHref = `/console/export?${new URLSearchParams(asked)}`;
      response.render('console/search/search', { ...this.view(asker, asked, order), ...found, exportHref });
    } catch (error) {
      if (!(error instanceof BadAuditQuery) || error.field === 'after' || error.field === 'before') throw error;
      this.refuse(response, asker, asked, order, faultsOf(error));
    }
  }

  private refuse(response: Response, asker: SignedIn, asked: Asked, order: Order, faults: Faults): void {
    const found = { hasAnswer: false, rows: [], exportHref: '', paging: pagingOf(NOTHING, HERE) };
    response.status(400);
    response.render('console/search/search', { ...this.view(asker, asked, order, faults), ...found });
  }

  private view(asker: SignedIn, asked: Asked, order: Order, faults: Faults = {}) {
    const form = questionForm(asked, faults);
    return { ...consolePage(asker, HERE), form, isOldestFirst: order === 'oldest-first', zone: this.settings.timeZone };
  }
}

const NOTHING = { next: null, previous: null, isWhole: true } as const;

function orderIn({ order }: Readonly<Record<string, unknown>>): Order {
  return order === 'oldest-first' ? order : 'newest-first';
}
