import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { mandateOf } from '#libs/vocabulary';
import type { Mandate } from '#libs/vocabulary';
import type { SecondPersonAct } from '#libs/compliance';
import { UsageFault } from './exit-codes.ts';
import type { Operator } from './operator.ts';

/** For which case and why: of every command that reads the record, or does what cannot be taken back. */
export interface MandateOptions {
  readonly case?: string;
  readonly reason?: string;
  readonly approvedBy?: string;
}

export function withMandate(command: Command): Command {
  return command
    .option('--case <number>', 'the case that this is for, for the record')
    .option('--reason <text>', 'why, for the record; no personal data, since the record cannot forget it');
}

/** @param by who says so, where that is not who runs this @throws BadMandate */
export function mandateGiven(
  { case: caseNumber, reason, approvedBy }: MandateOptions,
  by = operatingSystemUser(),
): Mandate {
  return mandateOf({ by, caseNumber, reason, approvedBy });
}

/** Of commands that an installation may want a second person for. */
export function withApproval(command: Command): Command {
  return command.option(
    '--approved-by <name>',
    'a second name for the record, of who else said yes, which nothing here proves: wanted where the setting console.secondPerson names this act',
  );
}

/**
 * Whoever runs this can change the configuration: it finds a slip, and puts two names into the record, which others can ask.
 * @throws UsageFault where it takes two and one is named; ConfigurationFault where what the setting says cannot be read
 */
export function requireApproval(
  operator: Operator,
  command: Command,
  act: SecondPersonAct,
  { by, approvedBy }: Mandate,
): void {
  const acts = operator.settingsWhereWell(command, 'console').console.secondPerson;
  if (acts.includes(act) && approvedBy === undefined)
    throw new UsageFault('this installation wants a second name for that: --approved-by says who else said yes');
  if (approvedBy?.trim().toLowerCase() === by.trim().toLowerCase())
    throw new UsageFault('--approved-by names who does it: it takes another person');
}

/** The user that runs this; in a container it may have a number alone. */
export function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'without a number'}`;
  }
}
