import { newAddress, seal } from '../scripts/steps-of-readers.ts';
import { spent } from './journey.ts';
import type { Journey } from './journey.ts';

/** A program has a mail sealed and sent: `POST /api/v1/messages`. */
export const sealing: Journey = {
  prepare: newAddress,
  round: (browser, address) => spent(browser, () => seal(browser, address, 'mailed')),
};
