import { Controller, Get, Render } from '@nestjs/common';
import type { TextKey } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { StateOfRecord } from '../overview/state-of-record.ts';
import { ConsoleSettings } from '../settings.ts';
import type { CanaryShown, CanaryStepShown } from '../settings.ts';

/** Whether this installation is able to do what it is there for, in the words of its own checks. */
@Controller('console/health')
export class ConsoleHealthController {
  constructor(
    private readonly settings: ConsoleSettings,
    private readonly state: StateOfRecord,
  ) {}

  @Get()
  @Render('console/health/health')
  @ForRole('operator')
  async now(@WhoAsks() asker: SignedIn) {
    const { isReady, text, ageSeconds } = await this.settings.health();
    const lines = text.split('\n').filter((line) => line !== '');
    return {
      ...consolePage(asker, '/console/health'),
      isReady,
      faults: isReady ? [] : lines.filter((line) => !line.startsWith(WARNING)),
      warnings: lines.filter((line) => line.startsWith(WARNING)).map((line) => line.slice(WARNING.length)),
      ageSeconds: Math.round(ageSeconds),
      canary: await this.canary(),
      projections: this.state.now().projections.filter(({ isWrong }) => isWrong),
    };
  }

  /** Null: none is sent. */
  private async canary() {
    if (this.settings.canary === null) return null;
    const standing = await this.settings.canary().catch(() => null); // the store is away: the checks above say so
    return standing === null ? { endedAt: null } : shownCanary(standing);
  }
}

const STEPS: Readonly<Record<CanaryStepShown, TextKey>> = {
  seal: 'console.canary.steps.seal',
  carrier: 'console.canary.steps.carrier',
  open: 'console.canary.steps.open',
  ask: 'console.canary.steps.ask',
  code: 'console.canary.steps.code',
  prove: 'console.canary.steps.prove',
  view: 'console.canary.steps.view',
};

function shownCanary({ last, passedAt }: CanaryShown) {
  const steps = last.steps.map(({ step, seconds }) => ({ text: STEPS[step], seconds }));
  const hasPassed = last.outcome === 'passed';
  return {
    hasPassed,
    endedAt: last.endedAt,
    ...{ passedAt, steps, reason: last.reason },
    failedStep: hasPassed ? null : (steps.at(-1)?.text ?? null),
    seconds: Math.round(last.steps.reduce((sum, { seconds }) => sum + seconds, 0) * 10) / 10,
  };
}

/** As /readyz says it. */
const WARNING = 'warning: ';
