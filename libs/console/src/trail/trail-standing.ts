import { auditTrail } from '#libs/audit';
import type { ProjectionRunner } from '#libs/event-store';

/** How far what answers questions is behind the record: every page says so, since what it does not show may have happened. */
export interface TrailStanding {
  /** In front of an event that it cannot take, until somebody does something about it. */
  readonly isStopped: boolean;
  /** 0 where that is not worth a word. */
  readonly lagSeconds: number;
}

/** 10 s: mostly it follows within a moment. */
const WORTH_A_WORD_SECONDS = 10;

export function trailStanding(projections: Pick<ProjectionRunner, 'status'>): TrailStanding {
  const trail = projections.status().find(({ name }) => name === auditTrail.name);
  const lagSeconds = Math.round(trail?.lagSeconds ?? 0);
  return {
    isStopped: trail !== undefined && trail.stop !== null,
    lagSeconds: lagSeconds < WORTH_A_WORD_SECONDS ? 0 : lagSeconds,
  };
}
