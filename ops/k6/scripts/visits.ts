import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import { bareMs } from './bare-page.ts';
import { Browser } from './browser.ts';
import { settings } from './settings.ts';
import { fileOn, newAddress, proveByAccount, proveByCode, sealedFor, view } from './steps-of-readers.ts';

export { handleSummary } from './summary.ts';

/**
 * Readers as they come: each hands a message in, signs in, reads, saves a file and goes, taking their time over every step. All of
 * them come from one address, as from behind one company's NAT, and are strangers to the portal.
 */
const ms = new Trend('segl_round_ms', true);
const rounds = new Counter('segl_rounds');
const errors = new Counter('segl_errors');
/** A visit's waits: before it, at the sign-in, at the confirming click, over the message, after the file. */
const WAITS = 5;

export const options: Options = {
  scenarios: {
    visit: {
      executor: 'constant-vus',
      vus: settings.readers,
      duration: `${settings.seconds}s`,
      gracefulStop: '0s',
      tags: { journey: 'visit' },
    },
  },
  thresholds: {
    'http_req_duration{journey:bare}': ['p(95)>=0'],
    'segl_round_ms{journey:visit}': ['p(95)>=0'],
    'segl_rounds{journey:visit}': ['count>0'],
    'segl_errors{journey:visit}': ['count<1'],
    'segl_turned_away{journey:visit}': ['count<1'],
    'http_reqs{journey:visit}': ['count>=0'],
  },
  summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'max', 'count'],
};

/** Never two readers in step. */
function wait(): void {
  sleep((settings.visitSeconds / WAITS) * (0.5 + Math.random()));
}

let isFirst = true;

export default function visit(): void {
  if (isFirst) sleep(Math.random() * settings.visitSeconds);
  isFirst = false;
  const browser = new Browser('visit');
  const address = newAddress();
  try {
    bareMs();
    const field = sealedFor(address);
    wait();
    const message = browser.handIn(field).location;
    wait();
    const isByAccount = __VU % 2 === 0;
    const confirm = isByAccount ? proveByAccount(browser, message) : proveByCode(browser, message, address);
    wait();
    const page = view(browser, message, confirm);
    wait();
    browser.submit(page, fileOn(page));
    browser.submit(page, `${message}/finish`);
    ms.add(browser.spentMs);
    rounds.add(1);
  } catch (error) {
    errors.add(1);
    throw error;
  }
  wait();
}
