import http from 'k6/http';
import { settings } from './settings.ts';

/** Odd, so that the median is one of them; few, so that it is of the same moments as the journey. */
const KEPT = 9;
const recent: number[] = [];

/** Milliseconds of a bare page at this moment, as this reader sees them: the median of the last few. */
export function bareMs(): number {
  const { timings } = http.get(settings.bare, { tags: { journey: 'bare', name: 'bare' } });
  recent.push(timings.duration);
  if (recent.length > KEPT) recent.shift();
  return [...recent].sort((one, other) => one - other)[Math.floor(recent.length / 2)] ?? NaN;
}
