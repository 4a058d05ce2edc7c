import type { MailAddress } from '#libs/vocabulary';
import { decideTreatment } from './decide-treatment.ts';
import type { PolicyDecision } from './decide-treatment.ts';
import type { MailFacts } from './mail-facts.ts';
import type { MailPolicy } from './policy.ts';
import type { WrittenExample } from './policy-schema.ts';

export interface ExampleResult {
  readonly isAsExpected: boolean;
  readonly decision: PolicyDecision;
  /** Null when it is as expected. */
  readonly difference: string | null;
}

/** Whether a policy decides a mail as its own document says it should. */
export function judgeExample(
  policy: MailPolicy,
  facts: MailFacts,
  recipient: MailAddress,
  { expect }: WrittenExample,
): ExampleResult {
  const decision = decideTreatment(policy, facts, recipient);
  const differences = [
    ...(expect.rule !== undefined && expect.rule !== decision.rule
      ? [`rule ${decision.rule} instead of ${expect.rule}`]
      : []),
    ...(expect.action !== undefined && expect.action !== decision.treatment.action
      ? [`${decision.treatment.action} instead of ${expect.action}`]
      : []),
  ];
  const difference = differences.length === 0 ? null : differences.join(', ');
  return { isAsExpected: difference === null, decision, difference };
}
