import type { ProjectionRunner } from '#libs/event-store';
import { DomainError } from '#libs/vocabulary';
import { partsOf } from '../roles.ts';
import type { Check } from './check.ts';

/** 5 minutes, as the alert SeglReadModelLags has it: a rebuild or a busy hour ends sooner. */
const WORTH_A_WARNING_SECONDS = 300;

class ReadModelsBehind extends DomainError {
  constructor(readonly faults: readonly string[]) {
    super('read-models-behind', faults.join('; '));
  }
}

/** Beside the check "read models", whose reasons are for the log alone since they may name paths: these are numbers. */
export const CHECK_OF_LAG: Check = {
  part: 'read models behind',
  looksAt: 'how far each projection is behind the record, and at which position one stands still',
  failsWhen: 'the oldest event that waits for one is older than 5 minutes, or one stopped',
  whatToDo:
    'wait while one is rebuilt; what stopped goes on after "segl projections rebuild", or past the event with "segl projections pass-over"',
  askers: ['readiness'],
  onlyWarns: true,
  concerns: (settings) => partsOf(settings).has('readModels'),
  isTold: () => true,
  async run(parts) {
    const faults = ((await parts.projections())?.status() ?? []).flatMap(faultOf);
    if (faults.length > 0) throw new ReadModelsBehind(faults);
    return 'none';
  },
};

function faultOf({ name, lagSeconds, stop }: ReturnType<ProjectionRunner['status']>[number]): string[] {
  if (stop !== null) return [`${name} stands still at position ${stop.position} (${stop.why})`];
  return lagSeconds > WORTH_A_WARNING_SECONDS ? [`${name} is ${Math.round(lagSeconds)} s behind the record`] : [];
}
