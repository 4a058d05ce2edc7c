import { ENGLISH, translate } from '../locales/translate.ts';
import type { TextKey } from '../locales/translate.ts';
import { pageOfStatus } from '../error-pages.ts';
import type { ErrorPage } from '../error-pages.ts';

/** What is no error of a room, in words for programmers; the codes are those that the API's document names. */
const WORDS: Readonly<Record<number, { readonly code: string; readonly title: string; readonly detail: string }>> = {
  404: {
    code: 'not-found',
    title: 'Not found',
    detail: 'There is nothing at this address. What there is stands in /api/v1/openapi.json.',
  },
  405: {
    code: 'method-not-allowed',
    title: 'Method not allowed',
    detail: 'This address takes other methods: those of the field Allow.',
  },
};

/**
 * What a program is told where a person would get the page. In English whatever it says it speaks, as all of the API.
 * @param code of a DomainError, or `http-<status>`. @param reference of the line in the log; null for what was foreseen
 */
export function problemOfPage(page: ErrorPage, code: string, reference: string | null) {
  const { status } = page;
  const isOfStatus = /^http-\d+$/.test(code);
  const known = isOfStatus ? (WORDS[status]?.code ?? 'bad-request') : code;
  // A page with words of its own, such as that another role serves it, says them here too.
  const words = isOfStatus && page.texts === pageOfStatus(status).texts ? WORDS[status] : undefined;
  return {
    type: `urn:segl:problem:${reference === null ? known : 'unexpected'}`,
    title: words?.title ?? translate(ENGLISH, `${page.texts}.title` as TextKey),
    status,
    detail: words?.detail ?? translate(ENGLISH, `${page.texts}.text` as TextKey),
    ...(reference === null ? {} : { reference }),
  };
}
