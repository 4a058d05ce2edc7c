import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { CanaryAskedTooOften, CanaryUnderWay, CannotListen, isLoopback } from '#libs/installation';
import type { Canary, Readiness, Settings } from '#libs/installation';
import type { Metrics } from '#libs/telemetry';

type Parts = Awaited<ReturnType<Readiness['ask']>>['parts'];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
  readonly ageSeconds?: number;
  readonly retryAfterSeconds?: number;
}

/** What a process says of itself once it serves. */
interface Watched {
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  /** Null where none is sent from this process. */
  readonly canary: Canary | null;
}

/**
 * The second listener, for those who watch the process: `/healthz` (alive), `/readyz` (able to do what its roles are there for) and
 * `/metrics`; `POST /canary` sends a canary mail now. Apart from the public port, where nobody is to learn from a count that one message was revoked. It listens before
 * anything else does and until the very end: a process that waits for a server says so here. The parts behind `/readyz` are asked once
 * a second at most; `Age` says how long ago.
 *
 * On loopback it answers to the names of this machine alone, so that no page whose name was made to point here can read it.
 */
export class ManagementServer {
  private readonly server: Server;
  private watched: Watched | null = null;
  private notReadyBecause: string | null = 'it is starting';
  private logged = '';
  /** Parts of which the log has said that they warn. */
  private warned = new Set<string>();

  private constructor(
    private readonly host: string,
    private readonly log: Logger,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** @throws CannotListen */
  static async listen({ managementHost, managementPort }: Settings, log: Logger): Promise<ManagementServer> {
    const management = new ManagementServer(managementHost, log);
    await new Promise<void>((resolve, reject) => {
      management.server.once('error', (cause) => reject(new CannotListen('SEGL_MANAGEMENT', cause)));
      management.server.listen(managementPort, managementHost, resolve);
    });
    return management;
  }

  /** Where it listens: of its own choosing where the setting is 0. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** @param reason as anybody may read it */
  isWaiting(reason: string): void {
    this.notReadyBecause = reason;
  }

  /** From now on it is ready when its parts are. */
  serves(watched: Watched): void {
    this.watched = watched;
    this.notReadyBecause = null;
  }

  /** What balances load looks elsewhere from now on. */
  isStopping(): void {
    this.notReadyBecause = 'it is stopping';
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const {
      status,
      text,
      contentType = 'text/plain; charset=utf-8',
      ageSeconds,
      retryAfterSeconds,
    } = await this.answerTo(request).catch((error: unknown): Answer => {
      this.log.error({ error: String(error) }, 'the management port could not answer');
      return { status: 500, text: 'failed; the log says why\n' };
    });
    response.writeHead(status, {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(ageSeconds === undefined ? {} : { Age: Math.floor(ageSeconds) }), // RFC 9111 §5.1
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds }),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  private async answerTo({ url = '', method = '', headers }: IncomingMessage): Promise<Answer> {
    const asked = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (isLoopback(this.host) && !isLoopback(asked))
      return { status: 421, text: 'this is reached at localhost only\n' };
    if (method === 'POST' && url === '/canary') return this.sendCanary(headers['content-type']);
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'GET and HEAD only\n' };
    switch (url.split('?')[0]) {
      case '/healthz':
        return { status: 200, text: 'alive\n' };
      case '/readyz':
        return this.ready();
      case '/metrics':
        return this.scrape();
      default:
        return { status: 404, text: 'there is /healthz, /readyz and /metrics\n' };
    }
  }

  /**
   * As `segl canary run` asks. JSON is wanted of who asks, since no page elsewhere can send it in a browser's name without being asked first
   * (a preflight, which nothing here answers).
   */
  private async sendCanary(mediaType: string | undefined): Promise<Answer> {
    const canary = this.watched?.canary ?? null;
    if (canary === null) return { status: 404, text: 'no canary mail is sent from this process\n' };
    if (mediaType !== 'application/json') return { status: 415, text: 'application/json only\n' };
    try {
      return { status: 200, text: `${JSON.stringify(await canary.runAsked())}\n`, contentType: 'application/json' };
    } catch (error) {
      if (error instanceof CanaryUnderWay) return { status: 409, text: `${error.message}\n` };
      if (error instanceof CanaryAskedTooOften)
        return { status: 429, text: `${error.message}\n`, retryAfterSeconds: error.retryAfterSeconds };
      throw error;
    }
  }

  private async ready(): Promise<Answer> {
    if (this.notReadyBecause !== null || this.watched === null) {
      return { status: 503, text: `not ready: ${this.notReadyBecause ?? ''}\n` };
    }
    const { isReady, text, reasons, parts, ageSeconds } = await this.watched.readiness.ask();
    this.sayFaults(reasons);
    this.sayWarnings(parts);
    return { status: isReady ? 200 : 503, text, ageSeconds };
  }

  /** Each time that they are others, and once when there are none any more. */
  private sayFaults(reasons: string): void {
    if (reasons !== this.logged && reasons !== '') this.log.warn(`not ready: ${reasons}`);
    if (reasons !== this.logged && reasons === '') this.log.info('ready again');
    this.logged = reasons;
  }

  /** Each part once, and once more when it is well again: its reason has figures in it that change from one look to the next. */
  private sayWarnings(parts: Parts): void {
    const warning = [...parts].flatMap(([part, { reason, onlyWarns }]) =>
      onlyWarns && reason !== null ? [{ part, reason }] : [],
    );
    for (const { part, reason } of warning)
      if (!this.warned.has(part)) this.log.warn({ part }, `ready, but not all is well: ${reason}`);
    const now = new Set(warning.map(({ part }) => part));
    for (const part of this.warned) if (!now.has(part)) this.log.info({ part }, 'this is well again');
    this.warned = now;
  }

  private async scrape(): Promise<Answer> {
    if (this.watched === null) return { status: 503, text: 'no metrics yet\n' };
    const { readiness, metrics } = this.watched;
    const { parts, reasons } = await readiness.ask();
    this.sayFaults(reasons); // where nobody asks for /readyz
    this.sayWarnings(parts);
    metrics.showParts(new Map([...parts].map(([part, { reason }]) => [part, reason === null])));
    return { status: 200, ...(await metrics.scrape()) };
  }
}
