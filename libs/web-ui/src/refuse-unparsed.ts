import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** The statuses that Node itself gives to what its parser refuses; 400 for the rest. */
const STATUS_OF_FAULT: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers what never became a request, as Node would, with the headers that every other answer has. Listens to `clientError`. Where an
 * answer is under way on the connection already, nothing is put into it.
 */
export function refuseUnparsed(headers: Readonly<Record<string, string>>) {
  const lines = Object.entries({ ...headers, 'Content-Length': '0', Connection: 'close' }).map((field) =>
    field.join(': '),
  );
  return (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const { _httpMessage: underWay } = socket as { _httpMessage?: { readonly headersSent: boolean } };
    if (socket.writable && error.code !== 'ECONNRESET' && underWay?.headersSent !== true) {
      const status = STATUS_OF_FAULT[error.code ?? ''] ?? 400;
      socket.write([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', ''].join('\r\n'));
    }
    socket.destroy();
  };
}
