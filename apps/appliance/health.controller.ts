import { Controller, Get, Logger, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Readiness } from '#libs/installation';
import type { ReadinessCheck } from '#libs/installation';

/** Seconds that a store has to say whether it takes writes. */
const CHECK_SECONDS = 3;

/** For whoever watches the process: alive, and able to do what its roles are there for. */
@Controller()
export class HealthController {
  private readonly logger = new Logger('health');
  private logged = '';

  constructor(private readonly readiness: Readiness) {}

  @Get('healthz')
  alive(@Res() response: Response): void {
    response.type('text/plain').send('alive\n');
  }

  /**
   * 200, or 503 with a line for each reason. Anybody may ask, so what names paths (embedded person directory, keyring) is told to
   * the log alone, once for each new reason.
   */
  @Get('readyz')
  async ready(@Res() response: Response): Promise<void> {
    const answers = await Promise.all(this.readiness.checks.map(reasonOf));
    const faults = answers.filter((fault) => fault !== null);
    this.logOnce(faults.map(({ check: { part }, reason }) => `${part}: ${reason}`).join('; '));
    response.status(faults.length === 0 ? 200 : 503).type('text/plain');
    response.send(faults.length === 0 ? 'ready\n' : faults.map((fault) => `${this.publicWordsOf(fault)}\n`).join(''));
  }

  private publicWordsOf({ check: { part, isTold }, reason }: PartFault): string {
    return `${part}: ${isTold ? this.readiness.publicWordsOf(reason) : 'cannot be used; the log says why'}`;
  }

  private logOnce(reasons: string): void {
    if (reasons !== '' && reasons !== this.logged) this.logger.warn(`not ready: ${reasons}`);
    this.logged = reasons;
  }
}

interface PartFault {
  readonly check: ReadinessCheck;
  readonly reason: string;
}

async function reasonOf(check: ReadinessCheck): Promise<PartFault | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_SECONDS} s`)), CHECK_SECONDS * 1000);
  });
  try {
    await Promise.race([check.check(), late]);
    return null;
  } catch (error) {
    return { check, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
