import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Logger } from 'pino';

/** Lines of JSON on standard output. What is logged is chosen at each call: never an address, a code, content or a token. */
export function openLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) }, // in words: 30 tells nobody anything at night
  });
}

/** Nest's own remarks, through the same door. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ part: partOf(rest) }, String(message)); // the framework's start-up is nobody's news
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn({ part: partOf(rest) }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ part: partOf(rest) }, String(message));
  }
}

function partOf(rest: unknown[]): string {
  return String(rest.at(-1) ?? 'nest');
}
