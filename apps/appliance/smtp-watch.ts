import type { Logger } from 'pino';
import { InboundWatch } from '#libs/gateway';
import type { Metrics } from '#libs/telemetry';

/** What SMTP in says, in the counts and the log of this process. */
export class SmtpWatch extends InboundWatch {
  constructor(
    private readonly metrics: Metrics,
    private readonly log: Logger,
  ) {
    super();
  }

  countConnection(outcome: string): void {
    this.metrics.countSmtpConnection(outcome);
  }

  countMail(code: number): void {
    this.metrics.countSmtpMail(code);
  }

  say(level: 'info' | 'warn', words: string, fields: Readonly<Record<string, string | number>> = {}): void {
    this.log[level](fields, words);
  }
}
