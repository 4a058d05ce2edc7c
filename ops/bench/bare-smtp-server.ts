import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/* The least that can be done with a mail: read it, keep nothing, answer. Run as a process; tells its port, then how many it has taken when asked. */
let taken = 0;
const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  size: 64 * 1024 * 1024,
  onData: (stream, _session, done) => {
    stream.resume();
    stream.once('end', () => {
      taken++;
      done();
    });
  },
});
const listening = server.listen(0, '127.0.0.1', () => process.send?.((listening.address() as AddressInfo).port));
process.on('message', () => process.send?.(taken));
process.once('disconnect', () => process.exit(0));
