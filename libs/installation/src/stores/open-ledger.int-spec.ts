import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { signerOfTests } from '#libs/audit/testing';
import { ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { MailRelay } from '#libs/mail';
import { FixedClock, instantOf, newEventId } from '#libs/vocabulary';
import { Closing } from './closing.ts';
import { openLedger } from './open-ledger.ts';
import { PROJECTIONS } from './projections.ts';

const WITNESS_KEY = 'witness.example/w1+f5f1ad4c+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH';

class Refusing extends MailRelay {
  override async send(): Promise<never> {
    await Promise.resolve();
    throw Object.assign(new Error('550 no kim@example.org here'), { code: 'relay-refused' });
  }
  override checkReachable(): Promise<void> {
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the log says first once a ledger with these settings is open. */
async function firstLine(ledger: object): Promise<string> {
  const clock = new FixedClock(instantOf('2026-11-30T12:00:00Z'));
  const sqlite = await openTemporarySqlite({ clock });
  const readModels = ReadModels.open(join(sqlite.directory, 'read-models.sqlite'));
  const projections = new ProjectionRunner(sqlite.store, readModels, [
    ...PROJECTIONS.filter(({ name }) => name.startsWith('ledger')),
  ]);
  const closing = new Closing();
  const { promise: written, resolve } = Promise.withResolvers<string>();
  try {
    await sqlite.store.append(streamName('table', newEventId()), 'NONE', [{ type: 'Poured', data: { litres: 1 } }]);
    projections.start();
    await projections.caughtUp();
    const signer = { ...signerOfTests(), keyId: 'ledger-1' };
    const settings = {
      publicUrl: 'https://post.nordlys.example',
      ledger: { witnesses: [], ...ledger },
      passcode: { sender: 'no-reply@example.com' },
      organisation: { name: 'Nordlys' },
    };
    await openLedger(
      settings as never,
      {
        ...{ eventStore: sqlite.store, readModels, projections, clock, relay: new Refusing() },
        keyring: { ledgerSigner: () => signer, ledgerVerifiers: () => [signer] } as never,
        log: pino({}, { write: (line: string) => resolve(line) }),
      },
      closing,
    );
    return await written;
  } finally {
    await closing.close();
    await projections.stop();
    readModels.close();
    await sqlite.cleanUp();
  }
}

it('a checkpoint that could not be mailed stands in the log by its code, without the words of the relay', async () => {
  const line = await firstLine({ checkpointMail: 'notary@example.org' });
  expect(JSON.parse(line)).toMatchObject({
    error: 'a checkpoint could not be given to the address of ledger.checkpointMail',
    code: 'relay-refused',
    msg: 'a checkpoint of the ledger is tried again later',
  });
  expect(line).not.toContain('kim@');
});

it('a witness that does not sign stands in the log with our own words for why, without its answer or our query', async () => {
  const server = createServer((_, response) => response.writeHead(500).end('no store, says kim@example.org'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    const url = `http://127.0.0.1:${port}/?key=secret`;
    const line = await firstLine({ witnesses: [{ url, key: WITNESS_KEY, privateAddresses: [] }] });
    expect(JSON.parse(line)).toMatchObject({
      error: 'the witness witness.example/w1 could not be asked',
      code: 'destination-unreachable',
      why: `127.0.0.1:${port}: answered with status 500`,
      msg: 'a checkpoint of the ledger goes without a witness',
    });
    expect(line).not.toMatch(/kim@|secret/);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});
