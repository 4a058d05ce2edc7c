import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What an operator watches at the moment of the scrape, from wherever it stands. */
export interface MetricsSources {
  /** Of the ephemeral store. */
  readonly waiting?: () => Promise<{ readonly usedBytes: number; readonly maxBytes: number }>;
  /** Carriers in the outbox, by what they wait for. */
  readonly outbox?: () => Promise<Readonly<Record<string, number>>>;
  /** How long the oldest carrier has waited for the relay. */
  readonly outboxOldestSeconds?: () => Promise<number>;
  readonly projections?: () => readonly {
    readonly name: string;
    readonly lagSeconds: number;
    readonly stop: object | null;
  }[];
  /** What is wrong with the policy's file as it was last read. */
  readonly policyFaults?: () => number;
  /** Places outside that could not be given a checkpoint of the ledger when that was last tried. */
  readonly checkpointsNotCopied?: () => number;
  /** Witnesses of the ledger that did not sign when they were last asked. */
  readonly witnessesFailing?: () => number;
  /** What programs are to be sent of their messages, and was not taken yet. */
  readonly webhooks?: () => { readonly waiting: number; readonly oldestSeconds: number };
  /** Other programs' events in the log, passed over. */
  readonly foreignEvents?: () => number;
  /** When the newest backup was made, in seconds since 1970; 0 when none was ever recorded. */
  readonly newestBackupSeconds?: () => Promise<number>;
  /** When a backup is due, in seconds since 1970; null while nothing is recorded. Left out where backups are made by other means. */
  readonly backupDueSeconds?: () => Promise<number | null>;
  /** When the last run of retention ended, in seconds since 1970; 0 when none ever did. */
  readonly retentionEndedSeconds?: () => Promise<number>;
  /** By when its next run is to have ended, in seconds since 1970; null while this process is not ready for any. */
  readonly retentionDueSeconds?: () => Promise<number | null>;
  /** When the last canary mail went the whole way, in seconds since 1970 (0: none did), and how often one is sent. */
  readonly canary?: () => Promise<{ readonly passedSeconds: number; readonly everySeconds: number }>;
}

/** Methods that have a series of their own; whatever else is sent shares one. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
const APPEND_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * How the machine is doing (Prometheus). Labels come from our own code alone: routes as patterns, codes, outcomes. There is
 * no series by browser, system, person, address or message: those who count visits are elsewhere (telemetry.ts).
 */
export class Metrics {
  readonly registry = new Registry();

  private readonly views = this.counter('segl_message_views_total', 'Messages shown', ['form']);
  private readonly denials = this.counter('segl_view_denials_total', 'Views refused', ['reason']);
  private readonly events = this.counter('segl_events_total', 'Events recorded, by type', ['type']);
  private readonly deliveries = this.counter('segl_carrier_deliveries_total', 'Tries to deliver carriers, by outcome', [
    'outcome',
  ]);
  private readonly smtpConnections = this.counter('segl_smtp_connections_total', 'SMTP connections, by outcome', [
    'outcome',
  ]);
  private readonly smtpMails = this.counter('segl_smtp_mails_total', 'Mails over SMTP, by the class of the answer', [
    'answer',
  ]);
  private readonly relayings = this.counter(
    'segl_gateway_recipients_total',
    'Tries of mail that came in, by recipient',
    ['treatment', 'outcome'],
  );
  private readonly webhooks = this.counter('segl_webhooks_total', 'Tries to send to programs, by outcome', ['outcome']);
  private readonly canaryRuns = this.counter('segl_canary_runs_total', 'Canary mails, by how far they came', [
    'outcome',
    'step',
  ]);
  private readonly errors = this.counter('segl_errors_total', 'Errors answered', ['kind']);
  private readonly requests = this.counter('segl_http_requests_total', 'HTTP requests', ['method', 'route', 'status']);
  private readonly requestSeconds = new Histogram({
    name: 'segl_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['route'],
    buckets: REQUEST_BUCKETS,
    registers: [this.registry],
  });
  private readonly appendSeconds = new Histogram({
    name: 'segl_event_append_seconds',
    help: 'Time of appends to the event store, waiting included',
    labelNames: ['outcome'],
    buckets: APPEND_BUCKETS,
    registers: [this.registry],
  });

  private readonly canaryStepSeconds = new Gauge({
    name: 'segl_canary_step_seconds',
    help: 'How long each step of the last canary mail of this process took',
    labelNames: ['step'],
    registers: [this.registry],
  });

  private readonly partNotWell = new Gauge({
    name: 'segl_part_not_well',
    help: '1 while a part that this process has is not well, whether it holds the process up or not; /readyz names it too',
    labelNames: ['part'],
    registers: [this.registry],
  });

  constructor(sources: MetricsSources = {}) {
    collectDefaultMetrics({ register: this.registry }); // memory, CPU, garbage collection, event loop lag
    const { waiting, projections, outbox, webhooks, canary } = sources;
    if (waiting !== undefined) {
      const limit = new Gauge({
        name: 'segl_waiting_max_bytes',
        help: 'Bound of the ephemeral store',
        registers: [this.registry],
      });
      new Gauge({
        name: 'segl_waiting_bytes',
        help: 'In use of the ephemeral store',
        registers: [this.registry],
        async collect() {
          const { usedBytes, maxBytes } = await waiting();
          this.set(usedBytes);
          limit.set(maxBytes);
        },
      });
    }
    if (outbox !== undefined) {
      new Gauge({
        name: 'segl_outbox_carriers',
        help: 'Carriers in the outbox, by state',
        labelNames: ['state'],
        registers: [this.registry],
        async collect() {
          for (const [state, count] of Object.entries(await outbox())) this.set({ state }, count);
        },
      });
    }
    if (projections !== undefined) {
      new Gauge({
        name: 'segl_projection_lag_seconds',
        help: 'Age of the oldest event that a read model has yet to handle',
        labelNames: ['projection'],
        registers: [this.registry],
        collect() {
          for (const { name, lagSeconds } of projections()) this.set({ projection: name }, lagSeconds);
        },
      });
      new Gauge({
        name: 'segl_projection_stopped',
        help: '1 while a read model stands still until somebody does something about it',
        labelNames: ['projection'],
        registers: [this.registry],
        collect() {
          for (const { name, stop } of projections()) this.set({ projection: name }, stop === null ? 0 : 1);
        },
      });
    }
    if (canary !== undefined) {
      const every = new Gauge({
        name: 'segl_canary_interval_seconds',
        help: 'How often a canary mail is sent',
        registers: [this.registry],
      });
      new Gauge({
        name: 'segl_canary_last_success_timestamp_seconds',
        help: 'When a canary mail last went the whole way, whichever process sent it; 0 when none is known to have',
        registers: [this.registry],
        async collect() {
          const { passedSeconds, everySeconds } = await canary();
          this.set(passedSeconds);
          every.set(everySeconds);
        },
      });
    }
    if (webhooks !== undefined) {
      const oldest = new Gauge({
        name: 'segl_webhooks_oldest_seconds',
        help: 'How long the oldest message to a program has waited for its receiver',
        registers: [this.registry],
      });
      new Gauge({
        name: 'segl_webhooks_waiting',
        help: 'Messages to programs that their receivers have not taken yet, 10,000 of each program at most',
        registers: [this.registry],
        collect() {
          const { waiting: count, oldestSeconds } = webhooks();
          this.set(count);
          oldest.set(oldestSeconds);
        },
      });
    }
    this.figuresOf(sources);
  }

  /** Those that are one number each. */
  private figuresOf(sources: MetricsSources): void {
    this.figure(
      'segl_outbox_oldest_seconds',
      'How long the oldest carrier has waited for the relay',
      sources.outboxOldestSeconds,
    );
    this.figure(
      'segl_newest_backup_timestamp_seconds',
      'When the newest backup was made, by the record; 0 when none was',
      sources.newestBackupSeconds,
    );
    this.figure(
      'segl_backup_due_timestamp_seconds',
      'When a backup is due: the newest, or the first event where there is none, and backup.warnAfterHours',
      sources.backupDueSeconds,
    );
    this.figure(
      'segl_retention_last_run_timestamp_seconds',
      'When the last run of retention ended, by the record; 0 when none did',
      sources.retentionEndedSeconds,
    );
    this.figure(
      'segl_retention_due_timestamp_seconds',
      'By when a run of retention is to have ended: 48 hours after the last, or after this process began where none ever did',
      sources.retentionDueSeconds,
    );
    this.figure(
      'segl_policy_faults',
      'Faults of the policy file as it was last read; over 0, the policy before it is in force',
      sources.policyFaults,
    );
    this.figure(
      'segl_ledger_copies_failing',
      'Places outside that could not be given a checkpoint of the ledger when that was last tried',
      sources.checkpointsNotCopied,
    );
    this.figure(
      'segl_ledger_witnesses_failing',
      'Witnesses of the ledger that did not sign when they were last asked',
      sources.witnessesFailing,
    );
    this.figure(
      'segl_foreign_events',
      'Events of other programs met in the event store and passed over',
      sources.foreignEvents,
    );
  }

  /** @param read asked at a scrape: null leaves the series out, and what fails is NaN, so that the others are shown all the same */
  private figure(name: string, help: string, read: (() => number | null | Promise<number | null>) | undefined): void {
    if (read === undefined) return;
    new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        const value = await readOr(NaN, read);
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  }

  /** As Prometheus reads it. */
  async scrape(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.registry.metrics(), contentType: this.registry.contentType };
  }

  /** @param parts each by its name in our own words, and whether it is well */
  showParts(parts: ReadonlyMap<string, boolean>): void {
    for (const [part, isWell] of parts) this.partNotWell.set({ part }, isWell ? 0 : 1);
  }

  countView(form: 'page' | 'print' | 'original' | 'attachment' | 'shown'): void {
    this.views.inc({ form });
  }

  /**
   * Two series alone. A figure that went up by one for `revoked` or `erased` would say of somebody's message what the one answer
   * to a stranger hides (threats.md A21): the reasons are in the record.
   * @param reason a word of our own, as in the event ViewDenied
   */
  countDenial(reason: string): void {
    this.denials.inc({ reason: reason === 'not-sealed-mail' ? reason : 'not-openable' });
  }

  /**
   * ViewDenied has no series: with a stranger's own request beside it, it would tell a message that is over from one that never was.
   * @param type of the event: one of our own vocabulary, such as MessageSealed or OtpDelivered
   */
  countEvent(type: string): void {
    if (type !== 'ViewDenied') this.events.inc({ type });
  }

  /** @param outcome a word of our own: relayed, deferred, refused, expired */
  countDelivery(outcome: string): void {
    this.deliveries.inc({ outcome });
  }

  /** @param outcome a word of our own: taken, too-many, too-many-of-network, not-a-client, tls-failed */
  countSmtpConnection(outcome: string): void {
    this.smtpConnections.inc({ outcome });
  }

  /** @param code of the answer after the data; 0: the sender was gone */
  countSmtpMail(code: number): void {
    this.smtpMails.inc({ answer: code === 0 ? 'none' : `${Math.floor(code / 100)}xx` });
  }

  /** One recipient of one try of a mail. @param outcome a word of our own, as in RelayingNotice */
  countRelaying(treatment: 'sealed' | 'clear' | 'none', outcome: string): void {
    this.relayings.inc({ treatment, outcome });
  }

  /** @param outcome a word of our own: delivered, deferred, given-up, gone */
  countWebhook(outcome: string): void {
    this.webhooks.inc({ outcome });
  }

  /** @param steps those that it went, the last one being that which failed: words of our own */
  countCanary(
    outcome: 'passed' | 'failed',
    steps: readonly { readonly step: string; readonly seconds: number }[],
  ): void {
    this.canaryRuns.inc({ outcome, step: steps.at(-1)?.step ?? 'seal' });
    this.canaryStepSeconds.reset(); // a step that was not come to has no time
    for (const { step, seconds } of steps) this.canaryStepSeconds.set({ step }, seconds);
  }

  /** @param kind the stable code of the error */
  countError(kind: string): void {
    this.errors.inc({ kind });
  }

  observeAppend(seconds: number, outcome: 'appended' | 'conflict' | 'failed'): void {
    this.appendSeconds.observe({ outcome }, seconds);
  }

  /** Put in front of everything. Paths are counted by the pattern of their route, so that no id becomes a series. */
  readonly middleware: RequestHandler = (request, response, next) => {
    const startedAt = process.hrtime.bigint();
    response.once('close', () => {
      const pattern = (request as { route?: { path?: unknown } }).route?.path;
      const route = typeof pattern === 'string' ? pattern : 'none';
      const method = METHODS.has(request.method) ? request.method : 'other';
      // An answer that its reader did not wait for has no status of its own.
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      this.requests.inc({ method, route, status });
      this.requestSeconds.observe({ route }, Number(process.hrtime.bigint() - startedAt) / 1e9);
    });
    next();
  };

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}

async function readOr(fallback: number, read: () => number | null | Promise<number | null>): Promise<number | null> {
  try {
    return await read();
  } catch {
    return fallback;
  }
}
