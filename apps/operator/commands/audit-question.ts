import { Option } from 'commander';
import type { Command } from 'commander';
import { AUDITED_TYPES, EVIDENCE_IN_TRAIL } from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import { instantGiven, messageIdOf, whomOf } from '../operator.ts';

/** What is asked for by, at the command line; the names are those of the options. */
export interface QuestionOptions {
  readonly message?: string;
  readonly person?: string;
  readonly sender?: string;
  readonly recipient?: string;
  readonly reader?: string;
  readonly type?: readonly string[];
  readonly outcome?: string;
  readonly method?: string;
  readonly evidence?: string;
  readonly from?: string;
  readonly to?: string;
  readonly submission?: string;
  readonly ofCase?: string;
  readonly words?: string;
  readonly canary?: boolean;
}

export type Whom = ReturnType<typeof whomOf>;

/** All that events can be asked for by, the same at "query" and "export". */
export function withQuestion(command: Command): Command {
  return command
    .option('--message <id>', 'of one message')
    .option(
      '--person <person>',
      'of one person, by exact address or by the id in the record, in whatever part: sender, recipient, reader, who was to prove that address, whom a question was about',
    )
    .option('--sender <person>', 'of what that person sent')
    .option('--recipient <person>', 'of what was sealed for that person')
    .option('--reader <person>', 'of what was shown to that person')
    .addOption(new Option('--type <type...>', 'of these types of event').choices(AUDITED_TYPES))
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(['done', 'refused', 'failed']))
    .option('--method <method>', 'how the address was proven: passcode, microsoft, google, organisation')
    .addOption(new Option('--evidence <strength>', 'how strong it is as evidence').choices(EVIDENCE_IN_TRAIL))
    .option('--from <time>', 'from this time on (2026-03-01 or 2026-03-01T12:00:00Z)')
    .option('--to <time>', 'before this time')
    .option('--submission <id>', 'of one submission')
    .option('--of-case <number>', 'of what was done under this case number')
    .option(
      '--words <words>',
      'that say all of these words: reasons, names of organisations and keys; never anything personal',
    )
    .option(
      '--canary',
      'with what canary mails leave in the record; a message, person or submission is shown in any case',
    );
}

/** Without the persons. @throws UsageFault */
export function filterOf(options: QuestionOptions): AuditFilter {
  const { message, type, from, to, outcome, method, evidence, submission, ofCase, words, canary } = options;
  return {
    messageId: message === undefined ? undefined : messageIdOf(message),
    types: type,
    from: from === undefined ? undefined : instantGiven(from),
    to: to === undefined ? undefined : instantGiven(to),
    outcome: outcome as AuditFilter['outcome'],
    evidence: evidence as AuditFilter['evidence'],
    method,
    submissionId: submission,
    caseNumber: ofCase,
    words,
    withCanary: canary,
  };
}

/** Who is asked about, by the name of the filter. @throws UsageFault */
export function whomIn(options: QuestionOptions): [string, Whom][] {
  return (['person', 'sender', 'recipient', 'reader'] as const).flatMap((name) => {
    const text = options[name];
    return text === undefined ? [] : [[`${name}Id`, whomOf(text)]];
  });
}
