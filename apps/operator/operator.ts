import type { Command } from 'commander';
import type { Places, Settings, SettingsAsFarAsWell } from '#libs/installation';
import { parseWrittenAddress, parseMessageId, parsePersonId, AddressRefused, instantOf } from '#libs/vocabulary';
import type { MailAddress, MessageId, Instant, PersonId } from '#libs/vocabulary';
import { placesFor, settingsAsFarAsWellFor, settingsFor, settingsWhereWellFor } from './config.ts';
import type { GlobalOptions } from './config.ts';
import { Refused, UsageFault } from './exit-codes.ts';
import { OpenedForCommand } from './stores.ts';
import type { Terminal } from './terminal.ts';

/** What every command works with. */
export class Operator {
  constructor(readonly terminal: Terminal) {}

  /** @throws ConfigurationFault */
  places(command: Command): Places {
    return placesFor(this.terminal.environment, command.optsWithGlobals<GlobalOptions>());
  }

  /** @throws ConfigurationFault */
  settings(command: Command): Settings {
    return settingsFor(this.terminal.environment, command.optsWithGlobals<GlobalOptions>());
  }

  /** For looking, never for doing. @throws ConfigurationFault */
  settingsAsFarAsWell(command: Command): SettingsAsFarAsWell | null {
    return settingsAsFarAsWellFor(this.terminal.environment, command.optsWithGlobals<GlobalOptions>());
  }

  /** For an act that hangs on the settings named, such as `console`, and on no others. @throws ConfigurationFault for these */
  settingsWhereWell(command: Command, ...names: (keyof Settings)[]): Settings {
    return settingsWhereWellFor(names, this.terminal.environment, command.optsWithGlobals<GlobalOptions>());
  }

  /** For `await using`. */
  stores(command: Command): OpenedForCommand {
    return new OpenedForCommand(this.places(command));
  }

  async print(text: string): Promise<void> {
    await this.terminal.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  async printJson(value: unknown): Promise<void> {
    await this.print(JSON.stringify(value, null, 2));
  }

  /**
   * Asks before what cannot be taken back, and never where nobody is there to answer.
   * @throws UsageFault without a terminal and without `isSure`; Refused unless the answer is yes
   */
  async confirm(warning: string, isSure: boolean): Promise<void> {
    if (isSure) return this.terminal.say(warning);
    const answer = await this.terminal.ask(`${warning}\nGo on? Type yes: `);
    if (answer === null) throw new UsageFault(`${warning}\nNobody is here to be asked: give --yes to go on`);
    if (answer.trim().toLowerCase() !== 'yes') throw new Refused('nothing was changed');
  }
}

/** @throws UsageFault */
export function addressOf(text: string): MailAddress {
  try {
    return parseWrittenAddress(text);
  } catch (error) {
    if (error instanceof AddressRefused)
      throw new UsageFault(`${JSON.stringify(text)} is not one plain mail address (${error.refusal})`);
    throw error;
  }
}

/** An exact address, or the id that a person has in the record: of somebody who was erased it is all that is left. @throws UsageFault */
export function whomOf(text: string): { readonly address: MailAddress } | { readonly personId: PersonId } {
  const personId = parsePersonId(text);
  return personId === null ? { address: addressOf(text) } : { personId };
}

/** @throws UsageFault */
export function messageIdOf(text: string): MessageId {
  const messageId = parseMessageId(text);
  if (messageId === null)
    throw new UsageFault(`${JSON.stringify(text)} is no message id (32 characters of a–z and 2–7)`);
  return messageId;
}

/** @throws UsageFault */
export function personIdOf(text: string): PersonId {
  const personId = parsePersonId(text);
  if (personId === null) throw new UsageFault(`${JSON.stringify(text)} is no person id (26 characters of a–z and 2–7)`);
  return personId;
}

/** A day (its beginning in UTC) or a moment. @throws UsageFault */
export function instantGiven(text: string): Instant {
  const isMoment = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  if (!isMoment || Number.isNaN(Date.parse(text))) {
    throw new UsageFault(`${JSON.stringify(text)} is no time: write 2026-03-01 or 2026-03-01T12:00:00Z`);
  }
  return instantOf(text);
}

/** @throws UsageFault */
export function countGiven(text: string): number {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count < 1) throw new UsageFault(`${JSON.stringify(text)} is no whole number from 1`);
  return count;
}

/** Columns under each other, two spaces between; for people. */
export function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? '').length)),
  );
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
