import { DomainError } from '#libs/vocabulary';
import { listensForMail } from '../settings/smtp-settings.ts';
import type { Check } from './check.ts';

class PolicyNotTaken extends DomainError {
  constructor(faults: readonly string[]) {
    super('policy-not-taken', `the file has faults: ${faults.join('; ')}`);
  }
}

/** The policy of mail coming in. */
export const CHECK_OF_POLICY: Check = {
  part: 'policy',
  looksAt: 'that the policy’s file is the one that mails are decided by',
  failsWhen: 'it was faulty when it was last read; the policy before it stays in force',
  whatToDo: 'mend what is named ("segl policy test" says the same), and send the process SIGHUP',
  askers: ['readiness', 'doctor'],
  onlyWarns: true,
  concerns: listensForMail,
  isTold: () => false, // a fault may quote the policy
  async run(parts) {
    const faults = await parts.policyFaults();
    if (faults.length > 0) throw new PolicyNotTaken(faults);
    return parts.settings.gateway.policyFile === undefined ? 'none: everything is sealed' : 'in force';
  },
};
