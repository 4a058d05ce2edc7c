import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A receiver on loopback that keeps what it was sent, and answers as a test decides. */
export async function startReceiver() {
  const received: Received[] = [];
  let answer: (message: Received) => number = () => 204;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const message = { headers: headersOf(request.headers), body };
      received.push(message);
      const status = answer(message);
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/hooks`),
    received,
    ids: () => received.map(({ headers }) => headers['webhook-id'] ?? ''),
    answers(status: (message: Received) => number): void {
      answer = status;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
