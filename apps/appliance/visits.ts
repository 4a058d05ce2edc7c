import { VisitCounter } from '#libs/recipient-access';
import type { PersonsVisit } from '#libs/recipient-access';
import type { Metrics, Telemetry } from '#libs/telemetry';
import type { PersonId } from '#libs/vocabulary';

/** What readers do, passed on to those who count: telemetry by persons, metrics by the machine. */
export class CountedVisits extends VisitCounter {
  constructor(
    private readonly telemetry: Telemetry,
    private readonly metrics: Metrics,
    /** Whose visits are of the installation itself, and are no readers'. */
    private readonly canary: PersonId | null = null,
  ) {
    super();
  }

  override viewed({ visitId, userAgent }: PersonsVisit, form: 'page' | 'print', handedInSeconds: number | null): void {
    if (visitId === this.canary) return;
    this.metrics.countView(form);
    this.telemetry.count(visitId, 'message-view', form);
    this.telemetry.countClient(visitId, userAgent);
    if (handedInSeconds !== null) this.telemetry.countHandInToPage(visitId, handedInSeconds);
  }

  override downloaded({ visitId }: PersonsVisit, what: 'original' | 'attachment' | 'shown'): void {
    this.metrics.countView(what);
    if (what === 'original') this.telemetry.count(visitId, 'message-view', 'original');
    else this.telemetry.count(visitId, 'attachment-download', what);
  }

  override signedIn({ visitId }: PersonsVisit, method: string): void {
    if (visitId !== this.canary) this.telemetry.count(visitId, 'sign-in', method);
  }

  override denied(reason: string): void {
    this.metrics.countDenial(reason);
  }
}
