import { Command } from 'commander';
import { standingHolds, trailIn } from '#libs/audit';
import { destroyKey, listKeys, parseKeyId } from '#libs/keyring';
import type { KeyId } from '#libs/keyring';
import type { PersonId } from '#libs/vocabulary';
import { askerGiven } from '../asked.ts';
import { Refused, UsageFault } from '../exit-codes.ts';
import { mandateGiven, requireApproval, withApproval, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import { recordedKeyAct } from '../record-key.ts';
import { recordQuestion } from '../recorded-question.ts';
import { countOpenable } from '../sealed-messages.ts';
import type { OpenedForCommand } from '../stores.ts';

interface DestroyOptions extends MandateOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function keysDestroyCommand(operator: Operator): Command {
  return withApproval(withMandate(new Command('destroy')))
    .description('destroy an older version of a key, after saying what that hits')
    .argument('<key>', 'the key, as "segl keys list" names it')
    .option('--yes', 'do not ask')
    .option('--force', 'even the key in use (never that of sealing)')
    .option('--dry-run', 'say what it would hit, and destroy nothing')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
The file is overwritten and unlinked, and running processes forget the key within 5 s. Copies in backups, in
snapshots and in the blocks of an SSD are beyond this command. A key under which somebody stands who is under legal
hold is not destroyed, --force or not.

Examples:
  segl keys destroy sealing-1 --dry-run
  segl keys destroy sealing-1
  segl keys destroy person-wrapping-1 --yes`,
    )
    .action(async (keyId: string, options: DestroyOptions, command: Command) => {
      const mandate = mandateGiven(options);
      const isRehearsal = options.dryRun ?? false;
      if (!isRehearsal) requireApproval(operator, command, 'destroy-key', mandate);
      const { keyring } = operator.places(command);
      await using stores = operator.stores(command);
      const hit = await whatItHits(operator, stores, keyId);
      const rows = hit.counts.unexpiredMessages ?? hit.counts.persons ?? null;
      // In the record before it is said, whatever is answered then.
      if (rows !== null && stores.has('eventStore'))
        await recordQuestion(operator, stores, askerGiven(options), { fields: ['key'], rows });
      if ((hit.counts.persons ?? 0) > 0) await requireNobodyHeld(operator, command, stores, keyId as KeyId);
      if (isRehearsal) return rehearsed(operator, keyring, keyId, hit, options.json ?? false);
      await operator.confirm(hit.warning, options.yes ?? false);
      const force = options.force ?? false;
      await recordedKeyAct(operator, stores, async () => {
        const now = operator.terminal.clock.now();
        const done = await destroyKey(keyring, keyId, { now, force });
        const data = { ...mandate, keyId, destroyedAt: now, isForced: force };
        return { done, events: [{ type: 'KeyDestroyed', data }] };
      });
      const isOfPersons = keyId.startsWith('person-') && stores.has('personKeys');
      if (isOfPersons && options.force !== true) await (await stores.persons()).rewrap(); // drops what is lost with the key
      if (options.json) return operator.printJson({ destroyed: keyId, ...hit.counts });
      await operator.print(`${keyId} is destroyed`);
    });
}

/** Says what a destruction would hit. @throws Refused where there is no such key */
async function rehearsed(operator: Operator, keyring: string, keyId: string, hit: Hit, asJson: boolean): Promise<void> {
  const key = (await listKeys(keyring)).find((each) => each.keyId === keyId);
  if (key === undefined) throw new Refused(`there is no key ${keyId} in ${keyring}: "segl keys list" names them`);
  if (asJson) return operator.printJson({ wouldDestroy: keyId, status: key.status, ...hit.counts });
  const inUse = key.status === 'current' ? ' It is the key in use, which takes --force, or a newer one first.' : '';
  await operator.print(`${hit.warning}${inUse}`);
}

/** What loses a person's key erases that person, and a legal hold stands in the way of that. @throws Refused */
async function requireNobodyHeld(
  operator: Operator,
  command: Command,
  stores: OpenedForCommand,
  keyId: KeyId,
): Promise<void> {
  if (!stores.has('eventStore'))
    throw new Refused('there is no event store here to tell who is under legal hold: do it where the record is');
  const { db } = (await caughtUpReadModels(operator.places(command), stores)).readModels;
  const persons = await stores.persons();
  const held = new Map<PersonId, string[]>();
  for (const { personId, caseNumber } of await standingHolds(trailIn(db))) {
    const isHit = held.has(personId) || (await persons.dependsOn(personId, keyId));
    if (isHit) held.set(personId, [...(held.get(personId) ?? []), caseNumber]);
  }
  if (held.size === 0) return;
  const lines = [...held].map(([personId, cases]) => `${personId} (${cases.join(', ')})`);
  throw new Refused(
    `under ${keyId} stand persons who are under legal hold: rotate and rewrap, or lift the holds first: ${lines.join('; ')}`,
  );
}

interface Hit {
  readonly warning: string;
  readonly counts: { readonly unexpiredMessages?: number | null; readonly persons?: number | null };
}

async function whatItHits(operator: Operator, stores: OpenedForCommand, keyId: string): Promise<Hit> {
  const kind = parseKeyId(keyId)?.kind;
  switch (kind) {
    case undefined:
      throw new UsageFault(`${JSON.stringify(keyId)} is no key id: "segl keys list" names them`);
    case 'sealing': {
      const now = operator.terminal.clock.now();
      const count = stores.has('eventStore')
        ? await countOpenable(await stores.eventStore(), now, (sealed) => sealed.sealingKeyId === keyId)
        : null;
      const what =
        count === null ? 'There is no event store here to tell how many unexpired messages that hits' : messages(count);
      return {
        warning: `${what}: nobody can open what was sealed to ${keyId} any more.`,
        counts: { unexpiredMessages: count },
      };
    }
    case 'person-wrapping':
    case 'person-index': {
      const count = stores.has('personKeys') ? await (await stores.persons()).countDependingOn(keyId) : null;
      const lost = kind === 'person-wrapping' ? 'are erased by that' : 'are not found by their address any more';
      const what = count === null ? 'There is no person directory here to tell how many persons' : `${count} persons`;
      return { warning: `${what} ${lost}.`, counts: { persons: count } };
    }
    case 'cookies':
      return { warning: `Sessions signed with ${keyId} end.`, counts: {} };
    case 'ephemeral':
      return { warning: `What waits in Redis encrypted under ${keyId} is lost: people begin again.`, counts: {} };
    case 'oidc':
    case 'oidc-rsa':
      return { warning: `Sign-ins under way and programs’ tokens that were signed with ${keyId} fail.`, counts: {} };
    case 'dkim-rsa':
    case 'dkim-eddsa':
      return {
        warning: `Mail on its way that ${keyId} signed still verifies while its DNS record stands.`,
        counts: {},
      };
    case 'bounces':
      return { warning: `Bounces of carriers whose address ${keyId} made are not known any more.`, counts: {} };
    case 'manifest':
    case 'ledger':
      return { warning: `What ${keyId} signed can still be verified: its public half stays.`, counts: {} };
    default:
      return kind satisfies never;
  }
}

function messages(count: number): string {
  return count === 1 ? '1 unexpired message is hit' : `${count} unexpired messages are hit`;
}
