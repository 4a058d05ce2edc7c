import { describe, expect, it } from '@jest/globals';
import type { PortalFigures } from './portal-watch.ts';
import { verdictOf } from './soak-verdict.ts';

const MIB = 1024 * 1024;
const at = (residentMib: number, openFiles = 60, activeHandles = 8, heapMib = 100): PortalFigures => ({
  ...{ atMs: 0, stallMs: 1, openFiles, activeHandles, heapBytes: heapMib * MIB, waitingBytes: 0 },
  residentBytes: residentMib * MIB,
});

describe('a soak', () => {
  it('lets the first quarter grow, in which caches fill and code is compiled', () => {
    const { isFlat } = verdictOf(
      at(200),
      [200, 300, 400, 400, 400, 402, 401, 405].map((mib) => at(mib)),
      at(390),
    );
    expect(isFlat).toBe(true);
  });

  it('finds memory that goes on growing, however it jumps in between', () => {
    const during = [200, 300, 400, 300, 430, 440, 470, 450].map((mib) => at(mib));
    expect(verdictOf(at(200), during, at(450))).toMatchObject({ isFlat: false, resident: { later: 470 * MIB } });
  });

  it('looks at what is kept once garbage is gone, not at how much of it there was', () => {
    const during = (...heaps: number[]) => heaps.map((heap) => at(400, 60, 8, heap));
    expect(verdictOf(at(200), during(50, 90, 80, 160, 80, 200, 82, 260), at(390)).isFlat).toBe(true);
    expect(verdictOf(at(200), during(50, 90, 80, 160, 95, 200, 110, 260), at(390)).isFlat).toBe(false);
  });

  it('does not take for a leak what waits in the ephemeral store, which is bounded', () => {
    const during = (...pairs: number[][]) =>
      pairs.map(([heap = 0, waiting = 0]) => ({ ...at(400, 60, 8, heap), waitingBytes: waiting * MIB }));
    const { isFlat, waiting } = verdictOf(at(200), during([60, 0], [80, 10], [95, 25], [110, 40]), at(390));
    expect({ isFlat, later: waiting.later }).toEqual({ isFlat: true, later: 40 * MIB });
    expect(verdictOf(at(200), during([60, 0], [80, 10], [95, 15], [110, 20]), at(390)).isFlat).toBe(false);
  });

  it.each([
    ['files', at(200, 569, 8), { filesLeft: 509, isNothingLeft: false }],
    ['handles', at(200, 60, 120), { handlesLeft: 112, isNothingLeft: false }],
    ['nothing but a few that are kept', at(200, 100, 21), { isNothingLeft: true }],
  ])('finds %s that stay open when all have left', (_, after, found) => {
    expect(verdictOf(at(200), [at(200)], after)).toMatchObject(found);
  });
});
