import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a refused body is still read: browsers and programs look for our answer only once they have sent theirs. */
const DISCARD_SECONDS = 5;
const DISCARD_BYTES = 64 * 1024 * 1024;

/**
 * After a refusal: the answer leaves at once, and a client that is still sending may go on for 5 s and 64 MiB, of which nothing is
 * kept; then the connection is closed. Call before the answer is written.
 */
export function discardRest(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.destroyed) return;
  const { socket } = request;
  response.setHeader('Connection', 'close');
  // Node cuts such a connection with the answer's last byte, and what still arrives then resets it: the answer is lost to
  // a client that has not read it yet. So only our half is ended (RFC 9112 §9.6).
  socket.destroySoon = () => void socket.end();
  let bytes = 0;
  const stop = setTimeout(() => socket.destroy(), DISCARD_SECONDS * 1000);
  stop.unref();
  socket.once('close', () => clearTimeout(stop));
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > DISCARD_BYTES) socket.destroy();
  });
  request.resume();
}
