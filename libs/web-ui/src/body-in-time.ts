import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';

/** 30 s for a form, or for what a client asks of the bridge: kilobytes, which any line carries in a second or two. */
export const BODY_SECONDS = 30;

/**
 * The end of a request whose body comes drop by drop, or never ends, also when it was refused before it was read: the server's own
 * limit has to leave large uploads their minutes, and each such request would hold its connection and what waits on it as long.
 * The connection is closed, without words for a sender who does not listen. @param isExempt of a body that is held to a pace elsewhere
 */
export function bodyInTime(isExempt: (path: string) => boolean, seconds = BODY_SECONDS): RequestHandler {
  return (request, _response, next) => {
    if (hasBody(request) && !isExempt(request.path)) {
      const { socket } = request;
      const end = setTimeout(() => {
        if (!request.complete) socket.destroy();
      }, seconds * 1000);
      end.unref();
      request.once('end', () => clearTimeout(end));
    }
    next();
  };
}

/** RFC 9112 §6.3. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
