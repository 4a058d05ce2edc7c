import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError } from '#libs/vocabulary';
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
        const part = partThatIsAway(error, settings);
        if (part === null) throw error;
        onWaiting(`${part}: cannot be reached yet; the log says why`);
        if (await room.waitFor(part, (error as Error).message)) log.warn(`not ready, and waiting: ${room.reason}`);
      }
      await sleep(pauseMs * (0.5 + Math.random() / 2));
    }
  } finally {
    await room.close();
  }
}

function partThatIsAway(error: unknown, settings: Settings): string | null {
  const [store, part] = (error instanceof DomainError ? UNREACHABLE[error.code] : undefined) ?? [];
  return store === undefined || part === undefined || isEmbedded(store, settings[store]) ? null : part;
}

/** Answers on the process's own port until what is waited for has come. */
class WaitingRoom {
  reason = '';
  private server: Server | null = null;

  constructor(private readonly settings: Settings) {}

  /** @returns whether that is news */
  async waitFor(part: string, message: string): Promise<boolean> {
    const reason = `${part}: ${message}`;
    const isNews = reason !== this.reason;
    this.reason = reason;
    this.server ??= await this.listen();
    return isNews;
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
      const [path] = (request.url ?? '').split('?');
      const isAlive = path === '/healthz';
      response.writeHead(isAlive ? 200 : 503, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Cache-Control': 'no-store',
        Connection: 'close',
        ...(!isAlive && { 'Retry-After': '10' }),
      });
      if (isAlive) response.end('alive\n');
      else response.end('Not possible right now. Try again in a few minutes.\n');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(new CannotListen('SEGL_HTTP', cause)));
      server.listen(this.settings.httpPort, this.settings.httpHost, resolve);
    });
    return server;
  }
}
