import type { AuditPage } from '#libs/audit';

/** What a page says of the pages around it: how to go on, and whether there is more than is shown. */
export interface ShownPaging {
  /** Empty: there is none. */
  readonly nextHref: string;
  readonly previousHref: string;
  readonly hasMore: boolean;
  /** Looking further would have cost too much: there may be more than these. */
  readonly isPart: boolean;
}

export const ROWS_OF_A_PAGE = 50;

/** @param query of this page, without a place in it */
export function pagingOf(
  { next, previous, isWhole }: Pick<AuditPage, 'next' | 'previous' | 'isWhole'>,
  path: string,
  query: Readonly<Record<string, string>> = {},
): ShownPaging {
  const href = (place: Readonly<Record<string, string>>) => `${path}?${new URLSearchParams({ ...query, ...place })}`;
  return {
    nextHref: next === null ? '' : href({ after: next }),
    previousHref: previous === null ? '' : href({ before: previous }),
    hasMore: next !== null,
    isPart: !isWhole,
  };
}

/** A place as it stands in an address, given once. */
export function placeIn({ after, before }: Readonly<Record<string, unknown>>): { after?: string; before?: string } {
  return {
    ...(typeof after === 'string' && after !== '' && { after }),
    ...(typeof before === 'string' && before !== '' && { before }),
  };
}
