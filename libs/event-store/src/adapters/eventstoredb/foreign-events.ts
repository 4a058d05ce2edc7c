import { comparePositions } from './stored-event.ts';
import type { LogPosition } from './stored-event.ts';

/** Other programs' events in a log that is shared, each counted once however often it is read. */
export class ForeignEvents {
  private last: LogPosition | null = null;
  private met = 0;

  get count(): number {
    return this.met;
  }

  /** @returns whether it is the first that this process met */
  meet(place: LogPosition): boolean {
    if (this.last !== null && comparePositions(place, this.last) <= 0) return false;
    this.last = place;
    return ++this.met === 1;
  }
}
