import type { UnquotedDotsAt } from '#libs/vocabulary';
import { addressIn, badParameter, deliveryOf } from './problems.ts';
import type { AskedOfSeals } from './submission-request.ts';

/** The form of the first release: addresses in the query. It says nothing of lifetime and terms. @throws BadRequest 400 */
export function askedInQuery(query: URLSearchParams, unquotedDotsAt: UnquotedDotsAt): AskedOfSeals {
  for (const name of query.keys()) {
    if (!['from', 'to', 'deliver'].includes(name))
      throw badParameter(name, `There is no parameter ${name.slice(0, 40)}.`);
  }
  const senders = query.getAll('from').map((text, index) => addressIn(text, 'from', index + 1, unquotedDotsAt));
  const [sender] = senders;
  if (!sender || senders.length > 1) throw badParameter('from', 'Give exactly one from=<address>.');
  const recipients = query.getAll('to').map((text, index) => addressIn(text, 'to', index + 1, unquotedDotsAt));
  const delivery = deliveryOf(query.getAll('deliver'), 'deliver');
  return { sender, recipients, delivery, lifetimeSeconds: null, terms: [] };
}
