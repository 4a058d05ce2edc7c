import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { endTurn, mayBegin, takeTurn, TURN_SECONDS, turns } from './turn.ts';
import type { WebhookTryEvent } from './webhook-try-events.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const after = (seconds: number) => plusSeconds(noon, seconds);
const taken = (gatewayId: string, takenAt: Instant = noon): WebhookTryEvent => ({
  type: 'WebhookTurnTaken',
  data: { clientId: 'office', gatewayId, takenAt, endsBy: plusSeconds(takenAt, TURN_SECONDS) },
});
const asking = (gatewayId: string, now: Instant) => ({ clientId: 'office', gatewayId, now });

describe('a turn at sending to a program', () => {
  it('is taken where nobody has it', () =>
    given(turns)
      .when((state) => takeTurn(state, asking('a', noon)))
      .then(taken('a')));

  it('is not taken from another gateway before its end', () =>
    given(turns, taken('a'))
      .when((state) => takeTurn(state, asking('b', after(TURN_SECONDS - 1))))
      .then());

  it('is taken by another gateway from its end on', () =>
    given(turns, taken('a'))
      .when((state) => takeTurn(state, asking('b', after(TURN_SECONDS))))
      .then(taken('b', after(TURN_SECONDS))));

  it('goes on while there is time for another round, and is taken anew after that', () => {
    given(turns, taken('a'))
      .when((state) => takeTurn(state, asking('a', after(60))))
      .then();
    given(turns, taken('a'))
      .when((state) => takeTurn(state, asking('a', after(61))))
      .then(taken('a', after(61)));
  });

  it('ends before its time when its gateway stops, and is another’s at once', () => {
    const ended: WebhookTryEvent = {
      type: 'WebhookTurnEnded',
      data: { clientId: 'office', gatewayId: 'a', endedAt: after(1) },
    };
    given(turns, taken('a'))
      .when((state) => endTurn(state, asking('a', after(1))))
      .then(ended);
    given(turns, taken('a'), ended)
      .when((state) => takeTurn(state, asking('b', after(2))))
      .then(taken('b', after(2)));
    given(turns, taken('b'))
      .when((state) => endTurn(state, asking('a', after(1))))
      .then();
  });

  it('that a wrong clock took for tomorrow holds nobody up', () =>
    given(turns, taken('a', after(86_400)))
      .when((state) => takeTurn(state, asking('b', noon)))
      .then(taken('b')));

  it('is one gateway’s', () => {
    const state = { gatewayId: 'a', endsBy: after(TURN_SECONDS) };
    expect([mayBegin(state, 'a', noon), mayBegin(state, 'b', noon), mayBegin(null, 'a', noon)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is remembered for longer than it can last, and not much longer: all since is read to take the next', () => {
    expect(turns.forgetsAfterSeconds).toBeGreaterThan(2 * TURN_SECONDS);
    expect(turns.forgetsAfterSeconds).toBeLessThanOrEqual(300);
  });
});
