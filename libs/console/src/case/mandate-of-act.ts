import { PageError } from '#libs/web-ui';
import type { MandateOfCase } from '#libs/compliance';
import type { SignedIn } from '../door/route-roles.ts';
import { requiredCaseIn } from './required-case.ts';

/** Whoever does what cannot be taken back says for which case, and why. @throws PageError 400 where one of them is missing or cannot be recorded */
export function mandateOfAct(
  asker: SignedIn,
  form: Readonly<Record<string, string | undefined>>,
): MandateOfCase & { readonly reason: string } {
  const given = requiredCaseIn(form);
  if (given === null) throw new PageError(400, 'console.badCase');
  return { by: asker.personId, ...given };
}
