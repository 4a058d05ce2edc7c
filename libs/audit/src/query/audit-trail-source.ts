import { ReadModelThread } from '#libs/event-store';
import type { Position, ReadModelDatabase } from '#libs/event-store';
import type { Counted, HourSpan } from '../figures/figure-questions.ts';
import { checkedLimit, sequenceOf } from './audit-filter.ts';
import type { AuditFilter, AuditPaging } from './audit-filter.ts';
import type { AuditPage, AuditRow } from './audit-page.ts';
import { checkFilter } from './check-filter.ts';
import * as trailQuestions from './trail-questions.ts';

/** The trail, whichever thread answers. */
export interface AuditTrailSource {
  /** @throws BadAuditQuery, ReadModelsBusy */
  page(filter?: AuditFilter, paging?: AuditPaging): Promise<AuditPage>;
  rowsOfTerms(terms: readonly string[], limit: number): Promise<AuditRow[][]>;
  leavesAt(positions: readonly Position[]): Promise<(number | null)[]>;
  sequenceBeforeLeaf(leaf: number): Promise<number>;
  countsIn(type: string, spans: readonly HourSpan[]): Promise<Counted[]>;
  firstViewsIn(span: HourSpan): Promise<Omit<Counted, 'span'>[]>;
}

/** Answered by this thread: for a command, which serves nobody meanwhile. */
export function trailIn(db: ReadModelDatabase): AuditTrailSource {
  return {
    async page(filter = {}, paging = {}) {
      checkFilter(filter);
      return trailQuestions.auditPage(db, filter, paging);
    },
    rowsOfTerms: async (terms, limit) => trailQuestions.rowsOfTerms(db, terms, limit),
    leavesAt: async (positions) => trailQuestions.leavesAt(db, positions),
    sequenceBeforeLeaf: async (leaf) => trailQuestions.sequenceBeforeLeaf(db, leaf),
    countsIn: async (type, spans) => trailQuestions.countsIn(db, type, spans),
    firstViewsIn: async (span) => trailQuestions.firstViewsIn(db, span),
  };
}

const QUESTIONS = new URL(`./trail-questions.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/** Answered by a thread of its own, so that a slow question delays nobody but who asked it. */
export class AuditTrailThread implements AuditTrailSource {
  private readonly thread: ReadModelThread<typeof trailQuestions>;

  /** @param path of the file of the read models */
  constructor(path: string) {
    this.thread = new ReadModelThread(path, QUESTIONS);
  }

  async page(filter: AuditFilter = {}, paging: AuditPaging = {}): Promise<AuditPage> {
    checkFilter(filter);
    checkedLimit(paging);
    sequenceOf('after', paging.after);
    sequenceOf('before', paging.before);
    return this.thread.ask('auditPage', filter, paging);
  }

  rowsOfTerms(terms: readonly string[], limit: number): Promise<AuditRow[][]> {
    return this.thread.ask('rowsOfTerms', terms, limit);
  }

  leavesAt(positions: readonly Position[]): Promise<(number | null)[]> {
    return this.thread.ask('leavesAt', positions);
  }

  sequenceBeforeLeaf(leaf: number): Promise<number> {
    return this.thread.ask('sequenceBeforeLeaf', leaf);
  }

  countsIn(type: string, spans: readonly HourSpan[]): Promise<Counted[]> {
    return this.thread.ask('countsIn', type, spans);
  }

  firstViewsIn(span: HourSpan): Promise<Omit<Counted, 'span'>[]> {
    return this.thread.ask('firstViewsIn', span);
  }

  /** May be called twice. */
  close(): void {
    this.thread.close();
  }
}
