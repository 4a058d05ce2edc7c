import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { base32Lower, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { startSmtpSink } from '../testing/smtp-sink.ts';
import { Outbox } from './outbox.ts';
import { SmtpRelay } from './smtp-relay.ts';
import { holdsAddress } from './staged-file.ts';

const [office, ase, dots] = ['kontør@example.org', 'åse@example.com', '"a..b."@docomo.ne.jp'].map((address) =>
  parseMailAddress(address),
) as [ReturnType<typeof parseMailAddress>, ReturnType<typeof parseMailAddress>, ReturnType<typeof parseMailAddress>];

it('a carrier whose header is UTF-8 stays one in the outbox, and whom it names is found when it is withdrawn', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'segl-outbox-'));
  const asked: object[] = [];
  const sink = await startSmtpSink({
    onMailFrom: ({ args }, _session, done) => {
      asked.push(args === false ? {} : args);
      done();
    },
  });
  const relay = new SmtpRelay(`smtp://127.0.0.1:${sink.port}`, { maxConnections: 2 });
  const settle = () => Promise.resolve('discard' as const);
  const outbox = await Outbox.open({ directory: join(directory, 'outbox'), relay, settle, concurrency: 1 });
  try {
    const staged = async (mailFrom: string, more: { smtpUtf8?: true }) => {
      const messageId = base32Lower(randomBytes(20)) as MessageId;
      const envelope = { messageId, submissionId: 'one', mailFrom: parseMailAddress(mailFrom), rcptTo: dots, ...more };
      const file = await outbox.stage(envelope);
      await file.write(Buffer.from(`From: ${office}\r\n\r\nx\r\n`));
      await file.finish();
      return file;
    };
    const file = await staged('bounces@example.org', { smtpUtf8: true });
    for (const address of [office, dots]) expect(await holdsAddress(file.wholePath, address)).toBe(true);
    expect(await holdsAddress(file.wholePath, ase)).toBe(false);
    outbox.start();
    expect(await outbox.commit([file], { awaitFirstTryMs: 20_000 })).toEqual(['relayed']);
    const plain = await staged('bounces@example.org', {});
    expect(await outbox.commit([plain], { awaitFirstTryMs: 20_000 })).toEqual(['relayed']);
    expect(sink.mails.map(({ rcptTo }) => rcptTo)).toEqual([[dots], [dots]]);
    expect(asked).toEqual([
      expect.objectContaining({ SMTPUTF8: true }),
      expect.not.objectContaining({ SMTPUTF8: true }),
    ]);
  } finally {
    await outbox.close();
    await relay.close();
    await sink.close();
    await rm(directory, { recursive: true, force: true });
  }
});
