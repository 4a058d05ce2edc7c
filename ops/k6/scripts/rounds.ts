import exec from 'k6/execution';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import { journeys } from '../journeys/index.ts';
import { MOST_BARE_PAGES } from '../thresholds.ts';
import { bareMs } from './bare-page.ts';
import { Browser } from './browser.ts';
import { settings } from './settings.ts';

export { handleSummary } from './summary.ts';

/** Readers of every journey at the same time, each journey beside bare pages that the same reader asks for at the same moments. */
const ms = new Trend('segl_round_ms', true);
const barePages = new Trend('segl_round_bare_pages');
const rounds = new Counter('segl_rounds');
const errors = new Counter('segl_errors');

export const options: Options = {
  scenarios: Object.fromEntries(
    settings.journeys.map((name) => [
      name,
      {
        executor: 'constant-vus',
        vus: settings.readers,
        duration: `${settings.readySeconds + settings.seconds}s`,
        gracefulStop: '30s',
        env: { SEGL_JOURNEY: name },
        tags: { journey: name },
      },
    ]),
  ),
  // A figure of one journey stands in the summary only where a threshold asks for it; those at 0 hold always.
  thresholds: {
    'http_req_duration{journey:bare}': ['p(95)>=0'],
    ...Object.fromEntries(
      settings.journeys.flatMap((name) => [
        [`segl_round_bare_pages{journey:${name}}`, [`med<${MOST_BARE_PAGES[name] ?? 0}`]],
        [`segl_round_ms{journey:${name}}`, ['p(95)>=0']],
        [`segl_rounds{journey:${name}}`, ['count>0']],
        [`segl_errors{journey:${name}}`, ['count<1']],
        [`segl_turned_away{journey:${name}}`, ['count<1']],
        [`http_reqs{journey:${name}}`, ['count>=0']],
      ]),
    ),
  },
  summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'max', 'count'],
  noConnectionReuse: false,
};

let browser: Browser | null = null;
let prepared = '';

export default function round(): void {
  const name = __ENV.SEGL_JOURNEY ?? '';
  const journey = journeys[name];
  if (journey === undefined) throw new Error(`no such journey: ${name}`);
  const begunAt = Date.now();
  try {
    if (browser === null) {
      const fresh = new Browser(name);
      prepared = journey.prepare(fresh);
      browser = fresh;
      const readyAt = exec.scenario.startTime + settings.readySeconds * 1000;
      if (Date.now() < readyAt) sleep((readyAt - Date.now()) / 1000);
    }
    const bare = bareMs();
    const taken = journey.round(browser, prepared);
    ms.add(taken);
    barePages.add(taken / bare);
    rounds.add(1);
  } catch (error) {
    errors.add(1);
    browser = null; // begins anew, as a reader would
    throw error;
  }
  const restMs = settings.paceSeconds * 1000 - (Date.now() - begunAt);
  if (restMs > 0) sleep(restMs / 1000);
}
