import type { MailAddress } from '#libs/vocabulary';
import type { MailFacts, SealInMail } from './mail-facts.ts';
import type { MailPolicy, PolicyRule, Treatment } from './policy.ts';
import { verdictOn } from './test-verdict.ts';

/** What is done with a mail for one recipient, and why. Nothing of the mail's content stands in it. */
export interface PolicyDecision {
  readonly treatment: Treatment;
  /** The rule's name; `sealed-already`, `machine-mail` and `otherwise` are the fixed ones. */
  readonly rule: string;
  /** What about the mail decided, in words. */
  readonly because: string;
  /** The rules that were tried first, in order, each with the first thing that did not hold. */
  readonly passedBy: readonly { readonly rule: string; readonly because: string }[];
}

/** Names that no rule of an operator's may have: of fixed decisions, and of the reports that are sent on their account. */
export const FIXED_RULES: readonly string[] = ['sealed-already', 'machine-mail', 'otherwise', 'report'];

/**
 * Fixed rules, then the operator's in their order, then the default. The same facts and policy give the same decision, whoever
 * asks: the gateway, `segl policy explain`, `segl policy test`.
 */
export function decideTreatment(policy: MailPolicy, facts: MailFacts, recipient: MailAddress): PolicyDecision {
  const fixed = fixedDecision(policy, facts);
  if (fixed) return fixed;
  const passedBy: { rule: string; because: string }[] = [];
  for (const rule of policy.rules) {
    const { holds, because } = verdictOf(rule, facts, recipient);
    if (holds) return { treatment: rule.treatment, rule: rule.name, because, passedBy };
    passedBy.push({ rule: rule.name, because });
  }
  return { treatment: policy.otherwise, rule: 'otherwise', because: 'no rule matched', passedBy };
}

const ABOUT_SEAL: Readonly<Record<SealInMail, string>> = {
  recorded: 'it is a carrier of ours, and the record has its seal',
  unasked:
    'it looks like a carrier of ours; a gateway asks its record, and leaves it to the rules where that seal is not in it',
};

function fixedDecision({ machineMail }: MailPolicy, facts: MailFacts): PolicyDecision | null {
  const pass = { treatment: { action: 'pass' }, passedBy: [] } as const;
  if (facts.seal !== null) return { ...pass, rule: 'sealed-already', because: ABOUT_SEAL[facts.seal] };
  if (facts.machineMail !== null && machineMail[facts.machineMail] === 'pass') {
    return { ...pass, rule: 'machine-mail', because: `it is one of ${facts.machineMail}` };
  }
  return null;
}

function verdictOf(rule: PolicyRule, facts: MailFacts, recipient: MailAddress) {
  const reasons: string[] = [];
  for (const test of rule.tests) {
    const verdict = verdictOn(test, { facts, recipient, inDoubt: rule.treatment.action === 'seal' });
    if (!verdict.holds) return verdict;
    reasons.push(verdict.because);
  }
  return { holds: true, because: reasons.join('; ') || 'it matches every mail' };
}
