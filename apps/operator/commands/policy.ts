import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { decideTreatment, judgeExample, readMailFacts, readPolicy } from '#libs/gateway';
import type { MailPolicy, PolicyDecision, PolicyReading } from '#libs/gateway';
import { authorField, MailHeaderCollector, MailReader } from '#libs/mail';
import type { MailAddress } from '#libs/vocabulary';
import { BadInput, Misconfigured, Refused, Unavailable } from '../exit-codes.ts';
import { bytesOf } from '../handed-in.ts';
import { addressOf } from '../operator.ts';
import type { Operator } from '../operator.ts';

/** 150 MiB: more than any mail that is sealed. */
const MAX_MAIL_BYTES = 150 * 1024 * 1024;

export function policyCommand(operator: Operator): Command {
  return new Command('policy')
    .description('what an organisation’s policy does with its outgoing mail')
    .addCommand(explainCommand(operator))
    .addCommand(testCommand(operator));
}

interface ExplainOptions {
  readonly policy: string;
  readonly from?: string;
  readonly to: readonly string[];
  readonly json?: boolean;
}

function explainCommand(operator: Operator): Command {
  return new Command('explain')
    .description('say for each recipient which rule decides about a mail, and why')
    .argument('[mail]', 'the mail as a file; - for stdin', '-')
    .requiredOption('--policy <file>', 'the policy (YAML)')
    .requiredOption('--to <address...>', 'recipients of the envelope')
    .option('--from <address>', 'sender of the envelope, "<>" for none; default: the address in From')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Nothing of what the mail says is printed, and nothing is sent. No record is asked: of a mail that looks like a carrier of ours, that is said.

Examples:
  segl policy explain --policy policy.yaml --to bo@example.org < mail.eml
  segl policy explain mail.eml --policy policy.yaml --from anna@example.com --to bo@example.org cy@example.org`,
    )
    .action(async (source: string, options: ExplainOptions) => {
      const { policy } = await readPolicyFile(operator, options.policy);
      const recipients = options.to.map(addressOf);
      const mail = await wholeMail(operator, source);
      const mailFrom = senderGiven(options.from, mail);
      await using reader = new ClosingReader();
      const facts = await readMailFacts(mail, mailFrom, policy, reader.reader, null);
      const decisions = recipients.map((recipient) => ({ recipient, ...decideTreatment(policy, facts, recipient) }));
      if (options.json) return operator.printJson(decisions);
      await operator.print(decisions.map(explained).join('\n'));
    });
}

function testCommand(operator: Operator): Command {
  return new Command('test')
    .description('check a policy, and run the examples that stand in it')
    .argument('<policy>', 'the policy (YAML); its examples name mails relative to it')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
An example names a mail, its recipient (to), maybe its sender (from), and the rule or the action that is expected:

  examples:
    - { mail: examples/card.eml, to: bo@example.org, expect: { rule: cards, action: seal } }

Exit code 0 when every example is decided as expected, 1 when one is not, 78 when the policy has faults.

Examples:
  segl policy test policy.yaml`,
    )
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { policy, examples } = await readPolicyFile(operator, file);
      await using reader = new ClosingReader();
      const results: { mail: string; to: string; rule: string; action: string; difference: string | null }[] = [];
      for (const example of examples) {
        const mail = await wholeMail(operator, resolve(dirname(file), example.mail));
        const facts = await readMailFacts(mail, senderGiven(example.from, mail), policy, reader.reader, null);
        const { decision, difference } = judgeExample(policy, facts, addressOf(example.to), example);
        const { rule, treatment } = decision;
        results.push({ mail: example.mail, to: example.to, rule, action: treatment.action, difference });
      }
      if (json) await operator.printJson({ rules: policy.rules.length, examples: results });
      else await operator.print([`${policy.rules.length} rules, no fault`, ...results.map(lineOf)].join('\n'));
      const failed = results.filter(({ difference }) => difference !== null).length;
      if (failed > 0) throw new Refused(`${failed} of ${results.length} examples are decided otherwise than expected`);
      if (results.length === 0) operator.terminal.say('segl: the policy has no examples');
    });
}

function lineOf({
  mail,
  to,
  rule,
  action,
  difference,
}: {
  mail: string;
  to: string;
  rule: string;
  action: string;
  difference: string | null;
}): string {
  return `${difference === null ? 'ok  ' : 'FAIL'}  ${mail} to ${to}: ${action} by ${rule}${difference === null ? '' : ` (${difference})`}`;
}

/** @throws Misconfigured once every fault was said; Unavailable */
async function readPolicyFile(operator: Operator, file: string): Promise<Exclude<PolicyReading, { faults: unknown }>> {
  let source: string;
  try {
    source = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Unavailable(`${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
  const reading = readPolicy(source, () => new Date(operator.terminal.clock.now()));
  if (!('faults' in reading)) return reading;
  for (const { line, path, message } of reading.faults) {
    const where = [line === null ? '' : `line ${line}`, path].filter((each) => each !== '').join(', ');
    operator.terminal.say(`${file}: ${where === '' ? '' : `${where}: `}${message}`);
  }
  throw new Misconfigured(
    `the policy has ${reading.faults.length === 1 ? 'a fault' : `${reading.faults.length} faults`}`,
  );
}

async function wholeMail(operator: Operator, source: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of bytesOf(source, operator.terminal)) {
    bytes += piece.length;
    if (bytes > MAX_MAIL_BYTES) throw new BadInput(`the mail is larger than ${MAX_MAIL_BYTES} bytes`);
    pieces.push(piece);
  }
  if (bytes === 0) throw new BadInput('the mail is empty');
  return Buffer.concat(pieces);
}

/** @throws BadInput where From names no single clear author to take in place of the envelope's sender */
function senderGiven(text: string | undefined, mail: Buffer): MailAddress | null {
  if (text !== undefined) return text === '<>' || text === '' ? null : addressOf(text);
  const collector = new MailHeaderCollector();
  collector.push(mail);
  const from = authorField(collector.header(), 'from');
  if (from.kind === 'one') return from.author.address;
  throw new BadInput('From names no single clear author: give the sender of the envelope with --from');
}

function explained({
  recipient,
  treatment,
  rule,
  because,
  passedBy,
}: PolicyDecision & { recipient: MailAddress }): string {
  const tried = passedBy.map((each) => `  not ${each.rule}: ${each.because}`);
  return [`${recipient}: ${inWords(treatment)}`, `  by ${rule}: ${because}`, ...tried].join('\n');
}

function inWords(treatment: MailPolicy['otherwise']): string {
  switch (treatment.action) {
    case 'pass':
      return 'passed as it is';
    case 'refuse':
      return `refused, "${treatment.reason}"`;
    case 'seal': {
      const { lifetimeSeconds, mayDownload, mayReply, mayForward, proof, isSharedMailbox } = treatment.terms;
      const terms = [
        ...(lifetimeSeconds === null ? [] : [`for ${lifetimeSeconds / 86_400} days`]),
        ...(mayDownload ? [] : ['without download']),
        ...(mayReply ? [] : ['without reply']),
        ...(mayForward ? [] : ['without forwarding']),
        ...(proof === 'account' ? ['for accounts alone'] : []),
        ...(isSharedMailbox ? ['as a shared mailbox'] : []),
      ];
      return ['sealed', ...terms].join(', ');
    }
  }
}

/** The reading threads end with the command. */
class ClosingReader {
  readonly reader = new MailReader();

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader.close();
  }
}
