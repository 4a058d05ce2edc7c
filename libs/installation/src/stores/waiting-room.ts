import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError } from '#libs/vocabulary';
import { isAt, isBelow } from '#libs/web-ui';
import { CannotListen } from '../cannot-listen.ts';
import type { Settings } from '../settings/settings.ts';
import { isEmbedded } from './store-urls.ts';
import type { StoreName } from './store-urls.ts';

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;
/** A server that cannot be reached, as each port says it: a wrong configuration has other words and ends the start. */
const UNREACHABLE: Readonly<Record<string, readonly [StoreName, string]>> = {
  'event-store-unavailable': ['eventStore', 'event store'],
  'ephemeral-store-unavailable': ['ephemeralStore', 'ephemeral store'],
  'person-directory-unavailable': ['personKeys', 'person directory'],
};

/**
 * Opens, and while a server that is needed cannot be reached, tries again: processes of a cluster start in any order. Meanwhile
 * the process is alive, and says what it waits for; everything else is answered with 503. A store in a file of this
 * machine is not waited for: it comes by itself never.
 *
 * @param onWaiting what anybody may read of it, for /readyz
 * @throws what `open` throws but that
 */
export async function openWhenReachable<Opened>(
  open: () => Promise<Opened>,
  settings: Settings,
  log: Logger,
  onWaiting: (reason: string) => void = () => undefined,
): Promise<Opened> {
  const room = new WaitingRoom(settings);
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        return await open();
      } catch (error) {
        const away = partThatIsAway(error, settings);
        if (away === null) throw error;
        onWaiting(`${away.part}: cannot be reached yet; the log says why`);
        if (await room.waitFor(away, (error as Error).message)) log.warn(`not ready, and waiting: ${room.reason}`);
      }
      await sleep(pauseMs * (0.5 + Math.random() / 2));
    }
  } finally {
    await room.close();
  }
}

interface Away {
  readonly part: string;
  /** Of the error, as programs know it. */
  readonly code: string;
}

function partThatIsAway(error: unknown, settings: Settings): Away | null {
  if (!(error instanceof DomainError)) return null;
  const [store, part] = UNREACHABLE[error.code] ?? [];
  return store === undefined || part === undefined || isEmbedded(store, settings[store])
    ? null
    : { part, code: error.code };
}

/** Answers on the process's own port until what is waited for has come. */
class WaitingRoom {
  reason = '';
  private server: Server | null = null;
  private code = '';

  constructor(private readonly settings: Settings) {}

  /** @returns whether that is news */
  async waitFor({ part, code }: Away, message: string): Promise<boolean> {
    this.code = code;
    const reason = `${part}: ${message}`;
    const isNews = reason !== this.reason;
    this.reason = reason;
    this.server ??= await this.listen();
    return isNews;
  }

  /** RFC 9457, as programs are told it of a process that serves. */
  private problem() {
    return {
      type: `urn:segl:problem:${this.code}`,
      title: 'Not possible right now',
      status: 503,
      detail: 'This process waits for a server that it needs. Nothing was taken in; try again in a few minutes.',
    };
  }

  async close(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async listen(): Promise<Server> {
    const server = createServer((request, response) => {
      const [path = ''] = (request.url ?? '').split('?');
      const isAlive = isAt(path, ['/healthz']);
      const isForProgram = isBelow(path, ['/api']);
      response.writeHead(isAlive ? 200 : 503, {
        'Content-Type': isForProgram ? 'application/problem+json' : 'text/plain; charset=utf-8',
        'Cache-Control': 'no-store',
        Connection: 'close',
        ...(!isAlive && { 'Retry-After': '10' }),
      });
      if (isAlive) response.end('alive\n');
      else if (isForProgram) response.end(JSON.stringify(this.problem()));
      else response.end('Not possible right now. Try again in a few minutes.\n');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(new CannotListen('SEGL_HTTP', cause)));
      server.listen(this.settings.httpPort, this.settings.httpHost, resolve);
    });
    return server;
  }
}
