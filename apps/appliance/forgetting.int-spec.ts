import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { startSmtpSink } from '#libs/mail/testing';
import { timesInMemory } from './test/process-memory.ts';

jest.setTimeout(60_000);

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const module = new URL('./forgetting.ts', import.meta.url).href;
/** Answers a form with a page of 20 KB that says the word of the form a hundred times, put together of many strings. */
const serverWith = (options: string) => `import { createServer } from 'node:http';
  const { Forgetting } = await import(${JSON.stringify(module)});
  const { middleware } = new Forgetting(${options});
  const server = createServer((request, response) => middleware(request, response, async () => {
    let body = '';
    for await (const piece of request) body += piece;
    const lines = Array.from({ length: 100 }, (_, at) => body + ' stands in line ' + at + ' of a page, as it was shown to its reader');
    response.setHeader('Content-Type', 'text/html').end(Buffer.from(lines.map((line) => '<p>' + line + '</p>').join('\\n')));
  }));
  server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));`;

const mailRoom = new URL('../../libs/mail/src/index.ts', import.meta.url).href;
const sourceLoader = new URL('../../ops/source-loader.mjs', import.meta.url).href;
/** Sends a mail with a word of 24 digits that only its bytes hold, wipes it, and lives on. Its lines need to be changed on their way. */
const senderTo = (port: number, kind: string) => `import { randomBytes } from 'node:crypto';
  const { SmtpRelay } = await import(${JSON.stringify(mailRoom)});
  const content = Buffer.alloc(800, 'Subject: a code\\n\\nIt is\\n.' + ' '.repeat(24) + '\\n');
  const at = content.indexOf(' '.repeat(24));
  randomBytes(24).forEach((octet, place) => content[at + place] = 0x30 + octet % 10);
  const relay = new SmtpRelay('smtp://127.0.0.1:${port}');
  await relay.send({ mailFrom: '', rcptTo: 'anna@example.com', content, kind: '${kind}' });
  content.fill(0);
  setInterval(() => {}, 1000);
  process.stdout.write('sent');`;

onLinux('a code that was mailed', () => {
  const started: ReturnType<typeof spawn>[] = [];
  afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

  async function timesLeft(kind: string): Promise<number> {
    const sink = await startSmtpSink();
    try {
      const args = ['--import', sourceLoader, '--disable-warning=ExperimentalWarning', '--input-type=module'];
      const stdio = ['ignore', 'pipe', 'inherit'] as const;
      const child = spawn(process.execPath, [...args, '-e', senderTo(sink.port, kind)], { stdio: [...stdio] });
      started.push(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const [code = ''] = /\d{24}/.exec(sink.mails[0]?.content.toString() ?? '') ?? [];
      expect(code).toHaveLength(24);
      return timesInMemory(child.pid ?? 0, code);
    } finally {
      await sink.close();
    }
  }

  it('is nowhere once the relay has taken it, though its lines were changed on their way', async () => {
    expect(await timesLeft('passcode')).toBe(0);
  });

  it('would be seen by this test: of what is no code nothing is wiped', async () => {
    expect(await timesLeft('report')).toBeGreaterThan(0);
  });
});

onLinux('what was shown in answer to a form', () => {
  const started: ReturnType<typeof spawn>[] = [];
  afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

  async function shown(options: string): Promise<() => number> {
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', serverWith(options)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    const port = await new Promise((resolve) => child.stdout?.once('data', (text: Buffer) => resolve(text.toString())));
    const word = `quokka${randomBytes(9).toString('hex')}`;
    const answer = await fetch(`http://127.0.0.1:${String(port)}/`, { method: 'POST', body: word });
    expect((await answer.text()).split(word)).toHaveLength(101);
    return () => timesInMemory(child.pid ?? 0, word);
  }

  it('is gone from memory soon after, but for what Node’s parser of requests keeps until the next one', async () => {
    const times = await shown('{ quietSeconds: 0.2, betweenSeconds: 0.2 }');
    while (times() > 3) await new Promise((resume) => setTimeout(resume, 100));
  });

  it('stays where nothing clears it, so this test can see it', async () => {
    const times = await shown('{ quietSeconds: 3600 }');
    expect(times()).toBeGreaterThan(100);
  });
});
