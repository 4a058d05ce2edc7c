import { Command } from 'commander';
import { checksFor, ConfigurationFault } from '#libs/installation';
import type { SettingsAsFarAsWell } from '#libs/installation';
import { EXIT, exitCodeOf, Misconfigured, sentenceOf, Unavailable } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { PartsFromOutside } from './parts-from-outside.ts';

interface Finding {
  readonly what: string;
  readonly isWell: boolean;
  /** Not well, and no fault of this installation. */
  readonly isAdvice: boolean;
  /** One line each. */
  readonly says: readonly string[];
  /** Null when all is well. */
  readonly whatToDo: string | null;
}

const MEND_SETTINGS = 'mend what is named; ops/configuration.md says what each setting is';

export function doctorCommand(operator: Operator): Command {
  return new Command('doctor')
    .description(
      'look at configuration, keyring, stores, sign-in, relay and what is around them, and say what is wrong with each',
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Changes nothing in the record and sends nothing; works before the first start and beside a running process. Run it as
the user that Segl runs as, with the same variables. Exit code 0 when all is well, 78 when configuration or keyring
are wrong, 69 when only a store or the relay is. What is said with NOTE lies elsewhere (the proxy, DNS), or is due only once it runs.

Examples:
  segl doctor
  SEGL_CONFIG=/etc/segl/segl.yaml segl doctor --json`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const examination = new Examination();
      const isReadable = await examination.look('configuration', MEND_SETTINGS, async () => {
        operator.settings(command);
        return 'complete';
      });
      const found = isReadable
        ? { settings: operator.settings(command), missing: new Set<string>() }
        : settingsThatAreWell(operator, command);
      if (found !== null) await lookAtParts(examination, found, operator, command);
      if (json) await operator.printJson(examination.findings);
      else for (const line of examination.lines()) await operator.print(line);
      examination.end();
    });
}

/** As far as they can be known: faulty places would lead to the wrong stores, and then nothing more is looked at. */
function settingsThatAreWell(operator: Operator, command: Command): SettingsAsFarAsWell | null {
  try {
    operator.places(command);
    return operator.settingsAsFarAsWell(command);
  } catch (error) {
    if (error instanceof ConfigurationFault) return null;
    throw error;
  }
}

/** Only what the roles of this configuration have. */
async function lookAtParts(
  examination: Examination,
  { settings, missing }: SettingsAsFarAsWell,
  operator: Operator,
  command: Command,
): Promise<void> {
  await using stores = operator.stores(command);
  const parts = new PartsFromOutside(settings, operator.places(command), stores);
  for (const { part, whatToDo, onlyAdvises = false, standsOn = [], run } of checksFor('doctor', settings)) {
    const lacking = standsOn.filter((setting) => missing.has(setting));
    if (lacking.length > 0) examination.passOver(part, lacking);
    else await examination.look(part, whatToDo, () => run(parts), onlyAdvises);
  }
}

/** Looks at one thing after the other, whatever became of those before. */
class Examination {
  readonly findings: Finding[] = [];
  private readonly exitCodes: ExitCode[] = [];

  /** @returns whether it is well */
  async look(what: string, whatToDo: string, examine: () => Promise<string>, isAdvice = false): Promise<boolean> {
    try {
      this.findings.push({ what, isWell: true, isAdvice, says: [await examine()], whatToDo: null });
      return true;
    } catch (error) {
      const faults = (error as { faults?: unknown } | null)?.faults;
      const says = Array.isArray(faults) ? faults.map(String) : [sentenceOf(error)];
      this.findings.push({ what, isWell: false, isAdvice, says, whatToDo });
      if (!isAdvice) this.exitCodes.push(exitCodeOf(error));
      return false;
    }
  }

  /** What cannot be looked at before settings are mended that were named already. */
  passOver(what: string, settings: readonly string[]): void {
    const says = [`not looked at: it stands on ${settings.join(', ')}`];
    this.findings.push({ what, isWell: false, isAdvice: true, says, whatToDo: MEND_SETTINGS });
  }

  lines(): string[] {
    return this.findings.flatMap(({ what, isWell, isAdvice, says, whatToDo }) => [
      ...says.map((line) => `${isWell ? 'ok   ' : isAdvice ? 'NOTE ' : 'FAULT'}  ${what}: ${line}`),
      ...(whatToDo === null ? [] : [`       what to do: ${whatToDo}`]),
    ]);
  }

  /** @throws DomainError when anything was not well */
  end(): void {
    const count = this.findings.filter(({ isWell, isAdvice }) => !isWell && !isAdvice).length;
    if (count === 0) return;
    const message = count === 1 ? 'one thing is not well' : `${count} things are not well`;
    throw this.exitCodes.includes(EXIT.configuration) ? new Misconfigured(message) : new Unavailable(message);
  }
}
