import { Command } from 'commander';
import { isShared, keysOf, type Part, partsOf, type Settings } from '#libs/installation';
import { DEFAULT_REQUIREMENTS } from '#libs/keyring';
import { EXIT, type ExitCode, exitCodeOf, Misconfigured, Refused, sentenceOf, Unavailable } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import { greetRelay } from '../relay-greeting.ts';

interface Finding {
  readonly what: string;
  readonly isWell: boolean;
  /** One line each. */
  readonly says: readonly string[];
}

export function doctorCommand(operator: Operator): Command {
  return new Command('doctor')
    .description('look at configuration, keyring, stores and relay, and say what is wrong with each')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Changes nothing in the record and sends nothing. Run it as the user that Segl runs as, with the same variables. Exit
code 0 when all is well, 78 when configuration or keyring are wrong, 69 when only a store or the relay is.

Examples:
  segl doctor
  SEGL_CONFIG=/etc/segl/segl.yaml segl doctor --json`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const examination = new Examination();
      const settings = await examination.look(
        'configuration',
        async () => operator.settings(command),
        () => 'complete',
      );
      await using stores = operator.stores(command);
      const keyring = await examination.look(
        'keyring',
        () => stores.keyring(settings === null ? DEFAULT_REQUIREMENTS : keysOf(settings)),
        ({ directory }) => directory,
      );
      await examination.look(
        'event store',
        async () => (await stores.eventStore()).checkWritable(),
        () => 'takes events',
      );
      if (has(settings, 'personDirectory')) {
        await examination.look(
          'person directory',
          async () => (await stores.persons(keyring === null ? {} : { keyring })).checkWritable(),
          () => 'takes persons',
        );
      }
      if (settings !== null && has(settings, 'ephemeralStore') && isShared(settings.ephemeralStore)) {
        await examination.look(
          'ephemeral store',
          async () => (await stores.ephemeralStore(settings)).checkWritable(),
          () => 'keeps what expires, and nothing else',
        );
      }
      if (has(settings, 'readModels')) {
        await examination.look(
          'read models',
          () => caughtUpReadModels(operator.places(command), stores),
          () => 'caught up with the record',
        );
      }
      if (has(settings, 'relay')) {
        await examination.look(
          'relay',
          () => greeting(settings),
          (greets) => greets,
        );
      }
      if (json) await operator.printJson(examination.findings);
      else for (const line of examination.lines()) await operator.print(line);
      examination.end();
    });
}

/** Only what the roles of this configuration need is looked at; where there is no configuration, everything. */
function has(settings: Settings | null, part: Part): boolean {
  return settings === null || partsOf(settings).has(part);
}

async function greeting(settings: Settings | null): Promise<string> {
  if (settings?.demonstration === true) return 'none: a demonstration sends nothing';
  if (settings?.relayUrl === undefined) throw new Refused('not looked at: the configuration names none');
  return greetRelay(settings.relayUrl);
}

/** Looks at one thing after the other, whatever became of those before. */
class Examination {
  readonly findings: Finding[] = [];
  private readonly exitCodes: ExitCode[] = [];

  async look<Thing>(
    what: string,
    examine: () => Promise<Thing>,
    describe: (thing: Thing) => string,
  ): Promise<Thing | null> {
    try {
      const thing = await examine();
      this.findings.push({ what, isWell: true, says: [describe(thing)] });
      return thing;
    } catch (error) {
      const faults = (error as { faults?: unknown } | null)?.faults;
      this.findings.push({
        what,
        isWell: false,
        says: Array.isArray(faults) ? faults.map(String) : [sentenceOf(error)],
      });
      this.exitCodes.push(exitCodeOf(error));
      return null;
    }
  }

  lines(): string[] {
    return this.findings.flatMap(({ what, isWell, says }) =>
      says.map((line) => `${isWell ? 'ok   ' : 'FAULT'}  ${what}: ${line}`),
    );
  }

  /** @throws DomainError when anything was not well */
  end(): void {
    const count = this.findings.filter(({ isWell }) => !isWell).length;
    if (count === 0) return;
    const message = count === 1 ? 'one thing is not well' : `${count} things are not well`;
    throw this.exitCodes.includes(EXIT.configuration) ? new Misconfigured(message) : new Unavailable(message);
  }
}
