import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import type { SunkMail } from '#libs/mail/testing';

interface Backend {
  readonly name: string;
  readonly url: URL;
  /** Requests that it answered. */
  answered: number;
}

/**
 * What stands in front of several processes: each request of a reader goes to the next portal, so that no two steps of a
 * journey are served by one process; the API goes to the gateway, `/console` to the consoles in turn. A process that is not there is passed over. Beside that it shows
 * the mails that left, at the addresses where a demonstration shows them: so the readers of all stories find them.
 */
export class Front {
  private readonly backends = {
    portal: new Map<string, Backend>(),
    gateway: new Map<string, Backend>(),
    console: new Map<string, Backend>(),
  };
  private turn = 0;

  private constructor(
    private readonly server: Server,
    readonly url: URL,
  ) {}

  static async start(mails: readonly SunkMail[]): Promise<Front> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const front = new Front(server, new URL(`http://localhost:${(server.address() as AddressInfo).port}`));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const path = request.url ?? '/';
      const answer = path.startsWith('/demo/mailbox') ? mailbox(mails, path, response) : front.pass(request, response);
      answer.catch(() => response.destroy());
    });
    return front;
  }

  lead(role: 'portal' | 'gateway' | 'console', name: string, url: URL): void {
    const answered = this.backends[role].get(name)?.answered ?? 0;
    this.backends[role].set(name, { name, url, answered });
  }

  /** Requests that each portal answered since the last time. */
  takeCounts(): Record<string, number> {
    const counts = [...this.backends.portal.values()].map(({ name, answered }) => [name, answered] as const);
    for (const backend of this.backends.portal.values()) backend.answered = 0;
    return Object.fromEntries(counts);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const backends = [...this.backends[roleFor(request.url ?? '')].values()];
    const first = this.turn++;
    for (let passedOver = 0; passedOver < backends.length; passedOver++) {
      const backend = backends[(first + passedOver) % backends.length];
      if (backend !== undefined && (await tried(backend, request, body, response))) return;
    }
    response.writeHead(502, { 'content-type': 'text/plain' }).end('nobody is there\n');
  }
}

function roleFor(path: string): 'portal' | 'gateway' | 'console' {
  if (/^\/console(?:[/?]|$)/.test(path)) return 'console';
  return path.startsWith('/api/') ? 'gateway' : 'portal';
}

/** @returns false when nobody listened there: nothing was sent then, and another may be asked */
function tried(backend: Backend, from: IncomingMessage, body: Buffer, to: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port } = backend.url;
    const { connection: _, ...headers } = from.headers;
    const options = { hostname, port, method: from.method, path: from.url, headers, agent: false };
    const asked = ask(options, (answer) => {
      backend.answered++;
      to.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(to);
      answer.once('error', () => to.destroy());
      answer.once('close', () => resolve(true));
    });
    asked.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') return resolve(false);
      to.destroy(); // it died over this request: whether it was done is not known
      resolve(true);
    });
    asked.end(body);
  });
}

async function mailbox(mails: readonly SunkMail[], path: string, response: ServerResponse): Promise<void> {
  const [, , , number, part] = path.split('/');
  response.setHeader('content-type', 'text/html; charset=utf-8');
  if (number === undefined) {
    const links = mails.map((_, index) => `<a href="/demo/mailbox/${index}">mail</a>`);
    response.end(links.reverse().join('\n'));
    return;
  }
  const mail = mails[Number(number)];
  const parsed = mail === undefined ? null : await simpleParser(mail.content);
  const attachment = parsed?.attachments[0]?.content;
  if (parsed === null || (part !== undefined && attachment === undefined)) {
    response.writeHead(404).end();
    return;
  }
  response.end(part === undefined ? parsed.text : attachment);
}
