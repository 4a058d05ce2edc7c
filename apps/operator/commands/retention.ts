import { Command } from 'commander';
import { planRemoval, removeContents, RETENTION_KINDS, retentionRules } from '#libs/audit';
import type { RetentionCounts } from '#libs/audit';
import { canRemoveContents } from '#libs/event-store';
import type { ContentRemoval, EventStore } from '#libs/event-store';
import { askerGiven } from '../asked.ts';
import { Refused } from '../exit-codes.ts';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { table } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import { recordQuestion } from '../recorded-question.ts';

interface RetentionOptions extends MandateOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
}

const WHAT_IT_DOES = `
What the settings under "retention" say may go: the content of views, sign-ins, codes, visits and of what auditors did, each after so many days. Headers,
order and every proof of the ledger stay; so do events of persons under legal hold, of messages that can still be opened, and all that
anything is decided on. A running appliance with the console's role does the same by itself, once a day; "apply" does it now.`;

export function retentionCommand(operator: Operator): Command {
  return new Command('retention')
    .description('remove the content of old events, by age and kind')
    .addCommand(planCommand(operator))
    .addCommand(applyCommand(operator));
}

function planCommand(operator: Operator): Command {
  return withMandate(new Command('plan'))
    .description('say what would go now, and take nothing away; that it was asked stands in the record')
    .option('--json', 'print as JSON')
    .addHelpText('after', `${WHAT_IT_DOES}\n\nExamples:\n  segl retention plan --json`)
    .action(async (options: RetentionOptions, command: Command) => {
      const asker = askerGiven(options);
      const { retention } = operator.settings(command);
      const now = operator.terminal.clock.now();
      const rules = retentionRules(retention, now);
      await using stores = operator.stores(command);
      const { readModels, runner } = await caughtUpReadModels(operator.places(command), stores);
      const store = await stores.eventStore();
      const planned = await planRemoval({ store, readModels, caughtUp: () => runner.caughtUp() }, rules, now);
      const rows = planned.reduce((sum, { counts }) => sum + counts.remove, 0);
      await recordQuestion(operator, stores, asker, { fields: ['retention'], rows });
      await print(operator, planned, 'would go', options.json);
    });
}

function applyCommand(operator: Operator): Command {
  return withMandate(new Command('apply'))
    .description('remove it; nothing brings it back but an older backup')
    .option('--yes', 'do not ask')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `${WHAT_IT_DOES}

Examples:
  segl retention apply --reason 'schedule of 2026, section 4'
  segl retention apply --yes --json`,
    )
    .action(async (options: RetentionOptions, command: Command) => {
      const mandate = mandateGiven(options);
      const { retention } = operator.settings(command);
      const { clock } = operator.terminal;
      const rules = retentionRules(retention, clock.now());
      await using stores = operator.stores(command);
      const store = requireRemoval(await stores.eventStore());
      if (rules.length > 0) await operator.confirm(warningOf(rules), options.yes ?? false);
      const { readModels, runner } = await caughtUpReadModels(operator.places(command), stores);
      const record = { store, readModels, caughtUp: () => runner.caughtUp() };
      await print(operator, await removeContents(record, rules, mandate, clock), 'removed', options.json);
    });
}

/** @throws Refused */
function requireRemoval(store: EventStore): EventStore & ContentRemoval {
  if (canRemoveContents(store)) return store;
  throw new Refused(
    'EventStoreDB never changes an event: copy the record into a file (segl events copy), apply there, and copy that into a fresh EventStoreDB (ops/runbooks/retention.md)',
  );
}

function warningOf(rules: readonly { readonly kind: string; readonly before: string }[]): string {
  return `the content of ${rules.map(({ kind, before }) => `${kind} before ${before}`).join(', ')} goes for good`;
}

async function print(
  operator: Operator,
  counted: readonly RetentionCounts[],
  word: string,
  json = false,
): Promise<void> {
  const kept = RETENTION_KINDS.filter((kind) => !counted.some((one) => one.kind === kind));
  if (json) return operator.printJson({ rules: counted, keptForGood: kept });
  const lines = counted.map(({ kind, before, counts: { remove, gone, held, alive } }) =>
    [kind, before, remove, held, alive, gone].map(String),
  );
  if (lines.length > 0) await operator.print(table(['kind', 'before', word, 'held', 'alive', 'gone before'], lines));
  if (kept.length > 0) await operator.print(`kept for good, since no setting says otherwise: ${kept.join(', ')}`);
}
