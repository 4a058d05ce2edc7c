import type { Terminal } from './terminal.ts';

/** 4 a second: quick enough to see that it goes on. */
const REDRAW_MS = 250;
/** Where nobody looks at a terminal, a line each so many. */
const LINE_EVENTS = 100_000;
const WIDTH = 30;

/** How far something has come over the events of a record: a bar that is drawn over itself, or now and then a line where that is no terminal. */
export class ProgressBar {
  private drawnAtMs: number | null = null;
  private isDrawn = false;
  private readonly beganAtMs = performance.now();

  /** @param done how much of all that there is, from 0 to 1; null where that is not known. Asked when it is shown */
  constructor(
    private readonly terminal: Terminal,
    private readonly done: (events: number) => number | null,
  ) {}

  at(events: number): void {
    const { draw } = this.terminal;
    const nowMs = performance.now();
    if (draw === null) {
      if (events % LINE_EVENTS === 0) this.terminal.say(`segl: ${this.words(events, nowMs)}`);
      return;
    }
    if (this.drawnAtMs !== null && nowMs - this.drawnAtMs < REDRAW_MS) return;
    this.drawnAtMs = nowMs;
    this.isDrawn = true;
    const done = this.done(events);
    draw(done === null ? this.words(events, nowMs) : `${barOf(done)} ${this.words(events, nowMs)}`);
  }

  /** Takes away what was drawn. */
  end(): void {
    if (this.isDrawn) this.terminal.draw?.('');
  }

  private words(events: number, nowMs: number): string {
    const done = this.done(events);
    const perSecond = Math.round(events / Math.max(0.001, (nowMs - this.beganAtMs) / 1000));
    const part = done === null ? '' : `${Math.floor(within(done) * 100)} %, `;
    return `${part}${grouped(events)} events, ${grouped(perSecond)} a second`;
  }
}

function barOf(done: number): string {
  const full = Math.floor(within(done) * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`;
}

function within(done: number): number {
  return Math.min(1, Math.max(0, done));
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
