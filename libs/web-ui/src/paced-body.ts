import type { IncomingMessage } from 'node:http';
import { DomainError } from '#libs/vocabulary';

/** The sender of a body gave nothing for too long, or too little in too long a time. */
export class BodyTooSlow extends DomainError {
  constructor() {
    super('body-too-slow');
  }
}

/** 64 KB/s: slower than any phone that could still show a message (threats.md A39). */
const MIN_BYTES_PER_SECOND = 64_000;

/**
 * The body of a request in the pieces it arrives in. Each byte buys its sender time, at 64 KB/s, and never more than `silenceSeconds`
 * of it: so nobody is silent for longer, however much came before, and nobody goes on for ever drop by drop. Only waiting for the
 * sender counts, not what is done with a piece. Leaving the iteration early leaves the connection open, so that an answer can be
 * sent; see discardRest.
 *
 * @throws BodyTooSlow; what Node throws for a connection that broke
 */
export async function* pacedBody(request: IncomingMessage, silenceSeconds: number): AsyncGenerator<Buffer> {
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  const mostMs = silenceSeconds * 1000;
  let leftMs = mostMs;
  try {
    for (;;) {
      const since = performance.now();
      const next = await within(pieces.next(), leftMs);
      if (next.done === true) return;
      const boughtMs = (next.value.length / MIN_BYTES_PER_SECOND) * 1000;
      leftMs = Math.min(mostMs, leftMs - (performance.now() - since) + boughtMs);
      yield next.value;
    }
  } finally {
    // Not waited for: one that waits for a silent sender ends when the connection does.
    pieces.return?.().catch(() => undefined);
  }
}

function within<T>(awaited: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new BodyTooSlow()), Math.max(0, milliseconds));
    awaited.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
