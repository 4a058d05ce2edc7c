import { createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A mail server that answers at once, and the codes that came to it. */
export interface CodeMailbox {
  readonly url: string;
  /** The next code to an address. */
  codeTo(address: string): Promise<string>;
  close(): void;
}

/** @param takesCarriers whether mails without a code come too, and are dropped */
export async function startCodeMailbox({ takesCarriers = false } = {}): Promise<CodeMailbox> {
  const codes = new Map<string, string>();
  const waiting = new Map<string, (code: string) => void>();
  const sockets = new Set<Socket>();
  const take = (mail: string) => {
    const address = /^To: .*?([^\s<>]+@[^\s<>]+)/im.exec(mail)?.[1] ?? '';
    const code = /^\s*(\d{4} \d{4})\s*$/m.exec(mail)?.[1];
    if (code === undefined && takesCarriers) return;
    if (code === undefined) throw new Error(`a mail without a code:\n${mail}`);
    const resume = waiting.get(address);
    if (waiting.delete(address)) resume?.(code);
    else codes.set(address, code);
  };
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay());
    let unread = '';
    let isMail = false;
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (text) => {
      unread += String(text);
      for (;;) {
        const ending = isMail ? '\r\n.\r\n' : '\r\n';
        const end = unread.indexOf(ending);
        if (end < 0) return;
        const line = unread.slice(0, end);
        unread = unread.slice(end + ending.length);
        if (isMail) take(line);
        socket.write(isMail ? '250 taken\r\n' : answerTo(line));
        isMail = !isMail && /^DATA/i.test(line);
      }
    });
    socket.write('220 bench ESMTP\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as { port: number }).port}`,
    codeTo(address) {
      const code = codes.get(address);
      if (codes.delete(address) && code !== undefined) return Promise.resolve(code);
      return new Promise((resolve) => waiting.set(address, resolve));
    },
    close() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

function answerTo(line: string): string {
  if (/^EHLO/i.test(line)) return '250-bench\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n';
  if (/^DATA/i.test(line)) return '354 go on\r\n';
  return /^QUIT/i.test(line) ? '221 gone\r\n' : '250 so be it\r\n';
}
