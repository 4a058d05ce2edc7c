import type { FaultTally, Reckoning } from './fault-tally.ts';

interface Outcome {
  /** Milliseconds from when the part was back until every process was ready. */
  readonly readyMs: number;
  /** Milliseconds from when the part was back until the reader's step was done; 0 when it was done before. */
  readonly readerMs: number;
  /** The same from when it was taken away: what counts where others go on in its place. */
  readonly heldUpMs: number;
  /** The reader had to hand the attachment in again. */
  readonly beganAgain: boolean;
}

/** What fault runs came to, for people who read the log of a test run. */
export class FaultFigures {
  private readonly outcomes: (Outcome & { readonly fault: string; readonly step: string })[] = [];
  private readonly reasons = new Map<string, number>();
  private readonly states: string[] = [];
  private longestAnswerMs = 0;
  private journeysBeside = 0;

  get runs(): number {
    return this.outcomes.length;
  }

  ran(fault: string, step: string, outcome: Outcome): void {
    this.outcomes.push({ fault, step, ...outcome });
  }

  answered(longestMs: number): void {
    this.longestAnswerMs = Math.max(this.longestAnswerMs, longestMs);
  }

  passedBy(): void {
    this.journeysBeside++;
  }

  /** How a process stood when a run failed. */
  stood(process: string, state: string): void {
    this.states.push(`  ${process}: ${state}`);
  }

  reasonTold(text: string): void {
    for (const line of text.trim().split('\n')) this.reasons.set(line, (this.reasons.get(line) ?? 0) + 1);
  }

  told(variant: string, tally: FaultTally, reckoning: Reckoning, events: number): string {
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
    const longest = (outcomes: readonly Outcome[], of: 'readyMs' | 'readerMs' | 'heldUpMs') =>
      seconds(Math.max(0, ...outcomes.map((outcome) => outcome[of])));
    const lines = [`${variant}: ${this.runs} faults, ${this.journeysBeside} journeys beside, ${events} events`];
    for (const [fault, outcomes] of Map.groupBy(this.outcomes, (outcome) => outcome.fault)) {
      const bySteps = [...Map.groupBy(outcomes, ({ step }) => step)].map(([step, those]) => `${step} ${those.length}`);
      lines.push(
        `  ${fault}: ${outcomes.length} (${bySteps.join(', ')}); ready again within ${longest(outcomes, 'readyMs')}, ` +
          `the reader on within ${longest(outcomes, 'readerMs')} (${longest(outcomes, 'heldUpMs')} from the blow), began again ${outcomes.filter(({ beganAgain }) => beganAgain).length}`,
      );
    }
    const shown = tally.showings.filter(({ isShown }) => isShown).length;
    const sealed = [...tally.sealed.values()].filter((messageIds) => messageIds !== null).length;
    lines.push(
      `  acknowledged: ${sealed} sealed, ${tally.acceptedChallenges.size} codes, ${shown} shown of ${tally.showings.length} asked, ` +
        `${tally.revokedAt.size} revoked; longest step ${seconds(this.longestAnswerMs)}`,
      `  ${Object.entries(reckoning)
        .map(([what, found]) => `${what} ${(found as string[]).length}`)
        .join(', ')}`,
      ...[...this.reasons].map(([reason, times]) => `  /readyz: ${reason} (${times})`),
      ...this.states,
    );
    return `${lines.join('\n')}\n`;
  }
}
