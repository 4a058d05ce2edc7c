import { askSink } from '../scripts/sink.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** A program that keeps events elsewhere takes a hundred of them, from the beginning: as many in every round. */
export const followingTheFeed: Journey = {
  prepare: () => '/api/v1/audit/feed?limit=100',
  round: (browser, place) => {
    const token = askSink('token?for=audit');
    return spent(browser, () => {
      const { body } = browser.call('GET', place, token, 'application/json');
      if (!body.includes('"events":[{')) throw new Error('a feed without events');
    });
  },
};
