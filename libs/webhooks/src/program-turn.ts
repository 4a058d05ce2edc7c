import { decideAndAppend } from '#libs/event-store';
import type { EventStore, ProjectionRunner } from '#libs/event-store';
import type { Clock } from '#libs/vocabulary';
import { endTurn, mayBegin, takeTurn, turns } from './turn.ts';
import type { Turn } from './turn.ts';
import { webhookTriesStream } from './webhook-try-events.ts';

export interface TurnParts {
  readonly store: EventStore;
  /** Of `waitingWebhooks` alone. */
  readonly projections: ProjectionRunner;
  readonly clock: Clock;
  /** Names this process among the gateways. */
  readonly gatewayId: string;
}

/** 10 s: it is at the present already, and waits for the last events alone. The time that is left to a turn allows for it (turn.ts). */
const CATCH_UP_MS = 10_000;

/**
 * This gateway's turns at one program. Only one whose copy of what waits is at the present takes any: one that still reads the record, or stands
 * still, would keep from sending those that can.
 */
export class ProgramTurn {
  /** The last that was seen; ours is read again only when it needs to be taken anew. */
  private turn: Turn = null;

  constructor(
    private readonly clientId: string,
    private readonly parts: TurnParts,
  ) {}

  /**
   * Whether a round may begin: the turn is ours, and what waits here is what the record says.
   * @param isNeeded whether anything is due; asked once what others have sent is known
   * @throws ProjectionsBehind, EventStoreUnavailable
   */
  async begins(isNeeded: () => boolean): Promise<boolean> {
    const { projections } = this.parts;
    try {
      if (!this.isAtPresent()) {
        await this.end();
        return false;
      }
      if (!this.hasTime()) {
        await projections.caughtUp(CATCH_UP_MS);
        if (!isNeeded() || !(await this.take())) return false;
      }
      await projections.caughtUp(CATCH_UP_MS); // with what others sent until the turn was ours, and with our own last round
      return true;
    } catch (error) {
      await this.end().catch(() => undefined); // where the record is away too, it ends by its time
      throw error;
    }
  }

  /** Whether it is ours, with time enough for another round. */
  hasTime(): boolean {
    const { gatewayId, clock } = this.parts;
    return mayBegin(this.turn, gatewayId, clock.now());
  }

  /** So that another gateway need not wait for its end. Nothing where it is not ours. @throws EventStoreUnavailable */
  async end(): Promise<void> {
    const { store, clock, gatewayId } = this.parts;
    const { clientId } = this;
    if (this.turn?.gatewayId !== gatewayId) return;
    await decideAndAppend(store, webhookTriesStream(clientId), turns, (turn) =>
      endTurn(turn, { clientId, gatewayId, now: clock.now() }),
    );
    this.turn = null;
  }

  private async take(): Promise<boolean> {
    const { store, clock, gatewayId } = this.parts;
    const { clientId } = this;
    const { state } = await decideAndAppend(store, webhookTriesStream(clientId), turns, (turn) =>
      takeTurn(turn, { clientId, gatewayId, now: clock.now() }),
    );
    this.turn = state;
    return this.hasTime();
  }

  private isAtPresent(): boolean {
    return this.parts.projections.status().every(({ isCaughtUp, stop }) => isCaughtUp && stop === null);
  }
}
