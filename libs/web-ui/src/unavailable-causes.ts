import type { DomainError } from '#libs/vocabulary';
import { withoutPrivate } from './log-fields.ts';

/** What was behind answers of 5xx that were foreseen: the page says "at the moment not", and an operator wants to know why. */
export interface UnavailableReport {
  readonly event: 'unavailable';
  /** Of the DomainError. */
  readonly code: string;
  /** The pattern of the route. */
  readonly route: string;
  /** The words of the error and of what caused it, outermost first, without what may be personal. */
  readonly causes: readonly string[];
  /** So many more answers of the same code since the last report of it. */
  readonly others: number;
}

const EVERY_MS = 60_000;
const MAX_CAUSES = 4;

/** Of each code one report in a minute, however many ask meanwhile: strangers cause them too. Codes are a bounded set. */
export class UnavailableCauses {
  private readonly said = new Map<string, { atMs: number; others: number }>();

  /** @param nowMs by a clock that nobody sets. @returns null within a minute of the last of its code */
  report(error: DomainError, route: string, nowMs = performance.now()): UnavailableReport | null {
    const { code } = error;
    const last = this.said.get(code);
    if (last !== undefined && nowMs - last.atMs < EVERY_MS) {
      last.others += 1;
      return null;
    }
    this.said.set(code, { atMs: nowMs, others: 0 });
    return { event: 'unavailable', code, route, causes: causesOf(error), others: last?.others ?? 0 };
  }
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null && causes.length < MAX_CAUSES;) {
    causes.push(Error.isError(at) ? withoutPrivate(`${at.name}: ${at.message}`) : `thrown: ${typeof at}`);
    at = Error.isError(at) ? at.cause : undefined;
  }
  return causes;
}
