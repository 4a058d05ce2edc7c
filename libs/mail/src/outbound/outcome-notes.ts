import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant, MessageId } from '#libs/vocabulary';
import { guarded } from './staged-file.ts';

/** What became of a carrier for good: no address and no word of the relay's reply. */
export interface CarrierOutcome {
  /** `expired`: given up after too many days. */
  readonly outcome: 'relayed' | 'refused' | 'expired';
  readonly messageId: MessageId;
  readonly submissionId: string;
  /** RFC 3463, such as 5.1.1; null when the relay gave none. */
  readonly enhancedStatus: string | null;
  readonly at: Instant;
}

export const NOTE = /^[a-z2-7]{32}\.json$/;

/**
 * Outcomes on their way into the record: `unrecorded/<message>.json` is written before the carrier goes from where it was, and removed once
 * the outcome is recorded. So none is lost to a crash or to a store that is away; one may be reported twice.
 */
export class OutcomeNotes {
  private readonly directory: string;
  private readonly record: (outcome: CarrierOutcome) => Promise<void>;

  constructor(outboxDirectory: string, record: (outcome: CarrierOutcome) => Promise<void>) {
    this.directory = join(outboxDirectory, 'unrecorded');
    this.record = record;
  }

  /** @throws OutboxUnavailable */
  async note(outcome: CarrierOutcome): Promise<void> {
    const path = this.pathOf(outcome);
    const write = async () => {
      await writeFile(`${path}.part`, JSON.stringify(outcome), { mode: 0o600 });
      await rename(`${path}.part`, path); // whole, for whoever takes a copy meanwhile
    };
    await guarded('cannot note what became of a carrier', write);
  }

  /** @throws what `record` throws; the note stays, for `settle` */
  async settleOne(outcome: CarrierOutcome): Promise<void> {
    await this.record(outcome);
    await rm(this.pathOf(outcome), { force: true });
  }

  /** Records what is still noted, of whichever process. @throws what `record` throws, at the first that cannot be recorded */
  async settle(): Promise<void> {
    const names = await readdir(this.directory).catch(() => []);
    for (const name of names.filter((each) => NOTE.test(each))) {
      const outcome = await outcomeIn(join(this.directory, name));
      if (outcome !== null) await this.settleOne(outcome);
    }
  }

  private pathOf({ messageId }: CarrierOutcome): string {
    return join(this.directory, `${messageId}.json`);
  }
}

/** Null for a note that is being written, or was settled meanwhile. */
async function outcomeIn(path: string): Promise<CarrierOutcome | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as CarrierOutcome;
  } catch {
    return null;
  }
}
