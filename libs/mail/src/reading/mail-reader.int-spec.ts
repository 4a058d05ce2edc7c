import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { hostileMails } from '../testing/hostile-mails.ts';
import { mailShapes } from '../testing/mail-shapes.ts';
import { MailReader } from './mail-reader.ts';

const CORPUS = join(import.meta.dirname, '../../../../../shared/data/eml');
const corpus = existsSync(CORPUS) ? readdirSync(CORPUS).filter((name) => name.endsWith('.eml')) : null;
const squeezed = (text: string | null | undefined): string => (text ?? '').replace(/\s+/g, ' ').trim();

let reader: MailReader;
beforeAll(() => {
  reader = new MailReader();
  reader.warmUp();
});
afterAll(() => reader.close());

/**
 * The longest that the caller's own thread was kept from its timers by work of its own, in milliseconds: processor time of this
 * thread between two ticks, since on a shared machine the clock counts other people's work too.
 */
async function longestStall(work: () => Promise<unknown>): Promise<number> {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let last = used();
  const ticker = setInterval(() => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
  }, 2);
  await work();
  await new Promise((resolve) => setTimeout(resolve, 10));
  clearInterval(ticker);
  return longest;
}

it('measures stalls by a measure that sees one', async () => {
  const stall = await longestStall(async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const from = process.threadCpuUsage().user;
    while (process.threadCpuUsage().user - from < 80_000);
  });
  expect(stall).toBeGreaterThan(50);
});

describe('reading in threads', () => {
  it('reads every shape, several at a time', async () => {
    const shapes = mailShapes();
    for (let at = 0; at < shapes.length; at += 20) {
      const mails = await Promise.all(shapes.slice(at, at + 20).map(({ bytes }) => reader.read(Buffer.from(bytes))));
      expect(mails.every(({ notes }) => Array.isArray(notes))).toBe(true);
    }
  });

  it('takes the memory of the mail along, unless it is shared with others', async () => {
    const own = Buffer.allocUnsafeSlow(20_000).fill('Subject: x\r\n\r\n');
    const before = own.buffer.byteLength;
    await reader.read(own);
    expect([before, own.buffer.byteLength]).toEqual([20_000, 0]);
    const pooled = Buffer.from('Subject: pooled\r\n\r\nbody');
    expect((await reader.read(pooled)).mailSubject).toBe('pooled');
    expect(pooled.toString()).toBe('Subject: pooled\r\n\r\nbody');
  });

  it('hands out an attachment as listed, and null for what is not there', async () => {
    const { bytes } = mailShapes().find(({ name }) => name === 'attachment-names-rfc2231') ?? {
      bytes: Buffer.alloc(0),
    };
    const { attachments } = await reader.read(Buffer.from(bytes));
    const found = await reader.attachment(Buffer.from(bytes), attachments[1]?.index ?? -1);
    expect([found?.filename, found?.content.toString()]).toEqual(['Æble.pdf', 'y']);
    expect(await reader.attachment(Buffer.from(bytes), 77)).toBeNull();
  });

  it('refuses at once what it cannot queue, and everything once it is closed', async () => {
    const small = new MailReader({ workers: 1, queue: 2 });
    const reads = Array.from({ length: 5 }, () =>
      small.read(Buffer.from('Subject: x\r\n\r\n')).catch((error: { code: string }) => error.code),
    );
    const results = await Promise.all(reads);
    expect(results.filter((result) => result === 'reading-busy')).toHaveLength(2); // one in the thread, two wait
    const pending = small.read(Buffer.from('x'));
    const rejected = expect(pending).rejects.toMatchObject({ code: 'reading-unavailable' });
    await small.close();
    await rejected;
    await expect(small.read(Buffer.from('x'))).rejects.toMatchObject({ code: 'reading-unavailable' });
  });

  it('ends a thread that has read once nobody comes, and reads the next mail in a fresh one', async () => {
    const forgetful = new MailReader({ workers: 1, idleMs: 20 });
    const threads = () => new Set(readdirSync('/proc/self/task'));
    expect((await forgetful.read(Buffer.from('Subject: a\r\n\r\n'))).mailSubject).toBe('a');
    const before = threads();
    const isFresh = () => [...threads()].some((thread) => !before.has(thread));
    while (!isFresh()) await new Promise((resume) => setTimeout(resume, 20));
    expect((await forgetful.read(Buffer.from('Subject: b\r\n\r\n'))).mailSubject).toBe('b');
    await forgetful.close();
  });

  it('ends a thread after so many mails, however fast they come', async () => {
    const worn = new MailReader({ workers: 1, mailsOfWorker: 2 });
    const mails = Array.from({ length: 7 }, (_, at) => worn.read(Buffer.from(`Subject: ${at}\r\n\r\n`)));
    expect((await Promise.all(mails)).map(({ mailSubject }) => mailSubject)).toEqual([...'0123456']);
    await worn.close();
  });

  it('lets a process end that has nothing else to do, closed or not', async () => {
    const script = `import { MailReader } from ${JSON.stringify(new URL('./mail-reader.ts', import.meta.url).href)};
      const { mailSubject } = await new MailReader().read(Buffer.from('Subject: x\\r\\n\\r\\n'));
      process.stdout.write(mailSubject);`;
    const args = ['--conditions=segl-source', '--input-type=module', '-e', script];
    expect((await promisify(execFile)(process.execPath, args, { timeout: 20_000 })).stdout).toBe('x');
  });
});

describe('threads that must be killed', () => {
  const heavy = `Subject: Heavy\r\nContent-Type: text/html\r\n\r\n${'<p style="color:red">x</p>'.repeat(40_000)}`;

  it('falls back to text when a sanitiser takes too long, and the next mail is read by a new thread', async () => {
    const hasty = new MailReader({ workers: 1, htmlMs: 1 });
    const mail = await hasty.read(Buffer.from(heavy));
    expect(mail).toMatchObject({ mailSubject: 'Heavy', html: null, notes: ['html-too-complex'] });
    expect(mail.text?.startsWith('x\n\nx')).toBe(true);
    expect((await hasty.read(Buffer.from('Subject: Next\r\n\r\nx'))).mailSubject).toBe('Next');
    await hasty.close();
  });

  it('shows the source when even taking the mail apart takes too long', async () => {
    const hasty = new MailReader({ workers: 1, parseMs: 1 });
    const mail = await hasty.read(Buffer.from(heavy));
    expect(mail).toMatchObject({ html: null, notes: ['unparsable', 'truncated'] });
    expect(mail.text?.startsWith('Subject: Heavy\nContent-Type')).toBe(true);
    expect(await hasty.attachment(Buffer.from(heavy), 0)).toBeNull();
    await hasty.close();
  });

  it('falls back when memory runs out', async () => {
    const poor = new MailReader({ workers: 1, heapMiB: 24 });
    const mail = await poor.read(Buffer.from(heavy));
    expect(mail.html).toBeNull();
    expect(mail.notes.length).toBeGreaterThan(0);
    await poor.close();
  });
});

describe('mails made to hurt', () => {
  it.each(hostileMails().map(({ name, bytes }) => [name, bytes] as const))('%s', async (_name, bytes) => {
    const mail = Buffer.from(bytes());
    const started = performance.now();
    const stall = await longestStall(async () => expect(Array.isArray((await reader.read(mail)).notes)).toBe(true));
    // A ratio, since machines are shared: work done on this thread would stall it for as long as it takes. How long a stall
    // is in milliseconds is measured in ops/bench.
    expect(stall).toBeLessThan(Math.max(250, (performance.now() - started) / 2));
  });

  it('does not keep others waiting for long', async () => {
    const [first] = hostileMails();
    const hostile = reader.read(Buffer.from(first?.bytes() ?? Buffer.alloc(0)));
    expect((await reader.read(Buffer.from('Subject: Small\r\n\r\nx'))).mailSubject).toBe('Small');
    await hostile;
  });
});

const describeCorpus = corpus ? describe : describe.skip;
describeCorpus(`the shared mails${corpus ? '' : ' (skipped: ../shared/data is not on this machine)'}`, () => {
  it('are all read, mostly as mailparser reads them', async () => {
    const differing: string[] = [];
    for (const name of corpus ?? []) {
      const bytes = readFileSync(join(CORPUS, name));
      const [ours, theirs] = await Promise.all([
        reader.read(Buffer.from(bytes)),
        simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true }).catch(() => null),
      ]);
      if (ours.html !== null)
        expect(ours.html).not.toMatch(/<script|@import|<iframe|<form| on\w+=|src="(?!data:image)/i);
      if (!theirs) continue;
      if (squeezed(theirs.subject) !== squeezed(ours.mailSubject)) differing.push(`${name}: subject`);
      else if (theirs.text && squeezed(theirs.text) !== squeezed(ours.text)) differing.push(`${name}: text`);
    }
    expect(corpus?.length).toBeGreaterThan(300);
    expect(differing.length).toBeLessThan((corpus?.length ?? 0) / 10);
  });
});
