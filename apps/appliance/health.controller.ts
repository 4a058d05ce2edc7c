import { Controller, Get, Logger, Res } from '@nestjs/common';
import type { Response } from 'express';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import { Keyring, PersonDirectory } from '#libs/keyring';

/** Seconds that a store has to say whether it takes writes. */
const CHECK_SECONDS = 3;

/** For whoever watches the process: alive, and able to show a message. */
@Controller()
export class HealthController {
  private readonly logger = new Logger('health');
  private logged = '';

  constructor(
    private readonly eventStore: EventStore,
    private readonly ephemeral: EphemeralStore,
    private readonly persons: PersonDirectory,
    private readonly keyring: Keyring,
  ) {}

  @Get('healthz')
  alive(@Res() response: Response): void {
    response.type('text/plain').send('alive\n');
  }

  /**
   * 200, or 503 with a line for each reason. Without the event store or the directory no message is shown. Anybody may ask, so
   * what names paths (person directory, keyring) is told to the log alone, once for each new reason.
   */
  @Get('readyz')
  async ready(@Res() response: Response): Promise<void> {
    const answers = await Promise.all([
      reasonOf('event store', () => this.eventStore.checkWritable()),
      reasonOf('person directory', () => this.persons.checkWritable()),
      reasonOf('ephemeral store', () => this.ephemeral.checkWritable()),
      reasonOf('keyring', async () => void this.keyring.sealingRecipient()),
    ]);
    const faults = answers.filter((fault) => fault !== null);
    this.logOnce(faults.map(({ part, reason }) => `${part}: ${reason}`).join('; '));
    response.status(faults.length === 0 ? 200 : 503).type('text/plain');
    response.send(faults.length === 0 ? 'ready\n' : faults.map((fault) => `${publicWordsOf(fault)}\n`).join(''));
  }

  private logOnce(reasons: string): void {
    if (reasons !== '' && reasons !== this.logged) this.logger.warn(`not ready: ${reasons}`);
    this.logged = reasons;
  }
}

interface PartFault {
  readonly part: string;
  readonly reason: string;
}

/** The rooms whose reasons are written for everybody who may see why the portal is not ready. */
const WITHOUT_PATHS: ReadonlySet<string> = new Set(['event store', 'ephemeral store']);

function publicWordsOf({ part, reason }: PartFault): string {
  return `${part}: ${WITHOUT_PATHS.has(part) ? reason : 'cannot be used; the log says why'}`;
}

async function reasonOf(part: string, check: () => Promise<void>): Promise<PartFault | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_SECONDS} s`)), CHECK_SECONDS * 1000);
  });
  try {
    await Promise.race([check(), late]);
    return null;
  } catch (error) {
    return { part, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
