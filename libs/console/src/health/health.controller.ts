import { Controller, Get, Render } from '@nestjs/common';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { StateOfRecord } from '../overview/state-of-record.ts';
import { ConsoleSettings } from '../settings.ts';

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
      projections: this.state.now().projections.filter(({ isWrong }) => isWrong),
    };
  }
}

/** As /readyz says it. */
const WARNING = 'warning: ';
