import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import { Keyring, PersonDirectory } from '#libs/keyring';

/** Seconds that a store has to say whether it takes writes. */
const CHECK_SECONDS = 3;

/** For whoever watches the process: alive, and able to show a message. */
@Controller()
export class HealthController {
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

  /** 200, or 503 with a line for each reason. Without the event store or the directory no message is shown. */
  @Get('readyz')
  async ready(@Res() response: Response): Promise<void> {
    const answers = await Promise.all([
      reasonOf('event store', () => this.eventStore.checkWritable()),
      reasonOf('person directory', () => this.persons.checkWritable()),
      reasonOf('ephemeral store', () => this.ephemeral.checkWritable()),
      reasonOf('keyring', async () => void this.keyring.sealingRecipient()),
    ]);
    const reasons = answers.filter((reason) => reason !== null);
    response.status(reasons.length === 0 ? 200 : 503).type('text/plain');
    response.send(reasons.length === 0 ? 'ready\n' : reasons.map((reason) => `${reason}\n`).join(''));
  }
}

async function reasonOf(part: string, check: () => Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_SECONDS} s`)), CHECK_SECONDS * 1000);
  });
  try {
    await Promise.race([check(), late]);
    return null;
  } catch (error) {
    return `${part}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}
