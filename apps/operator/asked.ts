import { parsePersonId } from '#libs/vocabulary';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';
import type { AskedFor, Asker } from '#libs/audit';
import { mandateGiven } from './mandate.ts';
import type { MandateOptions } from './mandate.ts';

/** Who runs this, for the record. @throws BadMandate */
export function askerGiven(options: MandateOptions): Asker {
  const { by, ...why } = mandateGiven(options);
  return { askedBy: by, through: 'command-line', ...why };
}

/** Whom an address that nobody has stands for. */
export const NOBODY = 'nobody' as PersonId;

/** What was asked for as the record keeps it: each field by its name, and of the values only what can be nobody's name. */
export function askedFor(
  filter: {
    readonly messageId?: MessageId | null | undefined;
    readonly from?: Instant | undefined;
    readonly to?: Instant | undefined;
  } & Readonly<Record<string, unknown>>,
): AskedFor {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== null);
  const personIds = given.flatMap(([, value]) => (typeof value === 'string' ? (parsePersonId(value) ?? []) : []));
  const { messageId, from, to } = filter;
  return {
    fields: given.map(([name]) => name),
    ...(messageId && { messageId }),
    ...(personIds.length > 0 && { persons: [...new Set(personIds)].map((personId) => ({ personId })) }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}
