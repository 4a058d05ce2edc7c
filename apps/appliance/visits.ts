import { VisitCounter, type Visit } from '#libs/recipient-access';
import type { Metrics, Telemetry } from '#libs/telemetry';

/** What readers do, told to those who count: telemetry by visits, metrics by the machine. */
export class CountedVisits extends VisitCounter {
  constructor(
    private readonly telemetry: Telemetry,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  override viewed({ sessionId, userAgent }: Visit, handedInSeconds: number | null): void {
    this.metrics.countView('page');
    this.telemetry.count(sessionId, 'message-view', 'page');
    this.telemetry.countClient(sessionId, userAgent);
    if (handedInSeconds !== null) this.telemetry.countHandInToPage(sessionId, handedInSeconds);
  }

  override downloaded({ sessionId }: Visit, what: 'original' | 'attachment'): void {
    this.metrics.countView(what);
    if (what === 'original') this.telemetry.count(sessionId, 'message-view', 'original');
    else this.telemetry.count(sessionId, 'attachment-download', 'attachment');
  }

  override signedIn({ sessionId }: Visit, method: string): void {
    this.telemetry.count(sessionId, 'sign-in', method);
  }

  override denied(reason: string): void {
    this.metrics.countDenial(reason);
  }
}
