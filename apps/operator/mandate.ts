import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { mandateOf } from '#libs/vocabulary';
import type { Mandate } from '#libs/vocabulary';

/** For which case and why: of every command that reads the record, or does what cannot be taken back. */
export interface MandateOptions {
  readonly case?: string;
  readonly reason?: string;
}

export function withMandate(command: Command): Command {
  return command
    .option('--case <number>', 'the case that this is for, for the record')
    .option('--reason <text>', 'why, for the record; no personal data, since the record cannot forget it');
}

/** @param by who says so, where that is not who runs this @throws BadMandate */
export function mandateGiven({ case: caseNumber, reason }: MandateOptions, by = operatingSystemUser()): Mandate {
  return mandateOf({ by, caseNumber, reason });
}

/** The user that runs this; in a container it may have a number alone. */
export function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'without a number'}`;
  }
}
