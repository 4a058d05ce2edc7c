import { createServer } from 'node:http';

/* The least that can be done with a request: read what comes, keep nothing, answer. Run as a process; tells its port by message. */
const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('alive\n'));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
process.once('disconnect', () => process.exit(0));
