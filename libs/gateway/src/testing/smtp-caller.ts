import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A client that speaks line by line, for tests that do something between the lines. */
export class SmtpCaller {
  private text = '';
  isClosed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => (this.text += piece.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }

  static to(port: number): SmtpCaller {
    return new SmtpCaller(connect({ port, host: '127.0.0.1' }));
  }

  say(line: string): void {
    this.socket.write(`${line}\r\n`);
  }

  /** The last line of the next reply; empty once the server has closed the connection. */
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(this.text) ?? [];
      if (whole !== undefined) {
        this.text = this.text.slice(whole.length);
        return whole.trimEnd().split('\r\n').at(-1) ?? '';
      }
      if (this.isClosed) return '';
      await new Promise((resume) => setTimeout(resume, 2));
    }
  }

  async ask(line: string): Promise<string> {
    this.say(line);
    return this.reply();
  }

  /** Greeted, and as far as DATA's 354. */
  static async withMail(port: number, parameters = ''): Promise<SmtpCaller> {
    const caller = SmtpCaller.to(port);
    await caller.reply();
    await caller.ask('EHLO mail.example');
    await caller.ask(`MAIL FROM:<office@nordlys.example>${parameters}`);
    await caller.ask('RCPT TO:<anna@example.com>');
    await caller.ask('DATA');
    return caller;
  }
}
