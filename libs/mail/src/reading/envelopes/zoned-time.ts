import type { Instant } from '#libs/vocabulary';

/**
 * When it is that time of day in a zone. Of an hour that comes twice the first, of one that is left out the moment an hour later.
 *
 * @param local `2026-12-01T09:00:00`
 * @param timeZone IANA name
 * @returns null for a zone that the platform does not know, or what is no time
 */
export function instantIn(local: string, timeZone: string): Instant | null {
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc) || timeZone === '') return null;
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const offsetAt = (milliseconds: number): number => {
      const name = format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value ?? '';
      const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
      return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    };
    const before = offsetAt(asUtc - 86_400_000);
    const likely = asUtc - before;
    const at = offsetAt(likely) === before ? likely : asUtc - offsetAt(likely);
    return new Date(at).toISOString() as Instant;
  } catch {
    return null; // RangeError: no such zone
  }
}
