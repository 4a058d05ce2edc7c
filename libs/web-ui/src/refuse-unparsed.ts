import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';

/** The statuses that Node itself gives to what its parser refuses; 400 for the rest. */
const STATUS_OF_FAULT: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

type RefusalHeaders = Readonly<Record<string, string>>;

const NOTHING_MORE = { 'Content-Length': '0', Connection: 'close' };

/** Takes over what Node would answer by itself, before and beside every handler, without a header of ours. */
export function refuseInsteadOfNode(server: Server, headers: RefusalHeaders): void {
  server.on('clientError', refuseUnparsed(headers));
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) =>
    refuse(response, 417, headers),
  );
  // Node's own 400 for a request without Host cannot be given headers; refuseHosts gives it instead.
  (server as Server & { requireHostHeader?: boolean }).requireHostHeader = false;
}

/**
 * A request of HTTP/1.1 has one Host, and one with none or with several is refused (RFC 9112 §3.2): Node would take the first of several,
 * and a proxy before it perhaps another.
 */
export function refuseHosts(headers: RefusalHeaders): RequestHandler {
  return ({ httpVersionMajor, httpVersionMinor, rawHeaders }, response, next) => {
    const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
    const mayLackIt = httpVersionMajor === 1 && httpVersionMinor === 0;
    if (hosts === 1 || (hosts === 0 && mayLackIt)) next();
    else refuse(response, 400, headers);
  };
}

function refuse(response: ServerResponse, status: number, headers: RefusalHeaders): void {
  response.writeHead(status, { ...headers, ...NOTHING_MORE }).end();
}

/**
 * Answers what never became a request, as Node would, with the headers that every other answer has. Listens to `clientError`. Where an
 * answer is under way on the connection already, nothing is put into it.
 */
function refuseUnparsed(headers: RefusalHeaders) {
  const lines = Object.entries({ ...headers, ...NOTHING_MORE }).map((field) => field.join(': '));
  return (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const { _httpMessage: underWay } = socket as { _httpMessage?: { readonly headersSent: boolean } };
    if (socket.writable && error.code !== 'ECONNRESET' && underWay?.headersSent !== true) {
      const status = STATUS_OF_FAULT[error.code ?? ''] ?? 400;
      socket.write([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n'));
    }
    socket.destroy();
  };
}
