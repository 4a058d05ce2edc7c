import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CodeMailbox } from '../bench/code-mailbox.ts';

export interface Sink {
  readonly url: string;
  close(): void;
}

/**
 * What scripts cannot do themselves, since k6 takes no mail and signs no token: `GET /code?to=` answers once a code came there,
 * `GET /token?for=` with a token that is good for minutes.
 */
export async function startSink(
  mailbox: CodeMailbox,
  tokenFor: Readonly<Record<string, () => Promise<string>>>,
): Promise<Sink> {
  const answerTo = (asked: URL): Promise<string> | undefined =>
    asked.pathname === '/code'
      ? mailbox.codeTo(asked.searchParams.get('to') ?? '')
      : tokenFor[asked.searchParams.get('for') ?? '']?.();
  const server = createServer((request, response) => {
    const answer = answerTo(new URL(request.url ?? '/', 'http://sink'));
    if (answer === undefined) return void response.writeHead(404).end();
    answer.then(
      (text) => response.end(text),
      (fault: unknown) => response.writeHead(502).end(String(fault)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
