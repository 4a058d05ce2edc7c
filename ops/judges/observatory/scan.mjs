/**
 * `node scan.mjs PORT`: what MDN's HTTP Observatory says of https://localhost:PORT, as JSON. It is told a name alone and asks there by HTTP
 * as well as by HTTPS, so it is given a port of its own that leads to that one and hangs up on whatever is no TLS, as a machine does
 * where nothing listens on port 80. Run where `npm ci` was run (ops/judges/tools.mjs).
 */
import { createServer, connect } from 'node:net';
import { scan } from '@mdn/mdn-http-observatory/src/scanner/index.js';

/** First byte of a TLS connection: a record of the handshake (RFC 8446, section 5.1). */
const HANDSHAKE = 0x16;

const port = Number(process.argv[2]);
const door = createServer((from) => {
  from.on('error', () => from.destroy());
  from.once('data', (first) => {
    if (first[0] !== HANDSHAKE) return from.destroy();
    const to = connect(port, '127.0.0.1', () => to.write(first));
    to.on('error', () => from.destroy());
    from.pipe(to).pipe(from);
  });
});
await new Promise((listening) => door.listen(0, '127.0.0.1', listening));
const { scan: verdict, tests } = await scan(`localhost:${door.address().port}`);
process.stdout.write(`${JSON.stringify({ ...verdict, tests })}\n`, () => process.exit(0));
