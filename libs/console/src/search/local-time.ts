import { instantOf } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * A moment as a form of the organisation's zone says it: `2026-11-30T10:15`, or a day, which begins at midnight there. What clocks
 * show twice, when summer time ends, is the later of the two; what they skip is the moment after. Null for what is no time.
 */
export function instantInZone(text: string, timeZone: string): Instant | null {
  const [, ...parts] = LOCAL.exec(text) ?? [];
  const [year = NaN, month = NaN, day = NaN, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  const read = new Date(asUtc);
  if (
    Number.isNaN(asUtc) ||
    read.getUTCMonth() !== month - 1 ||
    read.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return null;
  // The offset is that of the moment itself, which the offset leads to: a second look settles it but where clocks are put.
  const first = asUtc - offsetMs(asUtc, timeZone);
  return instantOf(new Date(asUtc - offsetMs(first, timeZone)).toISOString());
}

/** How far the zone's clocks are ahead of UTC at that moment. */
function offsetMs(at: number, timeZone: string): number {
  const whole = Math.floor(at / 1000) * 1000;
  const shown = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  }).formatToParts(whole);
  const part = (type: string) => Number(shown.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - whole;
}
