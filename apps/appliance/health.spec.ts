import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import type { EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore } from '#libs/event-store';
import { type Keyring, KeyringFault, type PersonDirectory, PersonDirectoryUnavailable } from '#libs/keyring';
import { HealthController } from './health.controller.ts';

Logger.overrideLogger(false);

const well = () => Promise.resolve();

async function readyWith(failing: { persons?: Error; keyring?: Error; eventStore?: Error }) {
  const failsWith = (error: Error | undefined) => (error === undefined ? well : () => Promise.reject(error));
  const controller = new HealthController(
    { checkWritable: failsWith(failing.eventStore) } as unknown as EventStore,
    { checkWritable: well } as unknown as EphemeralStore,
    { checkWritable: failsWith(failing.persons) } as unknown as PersonDirectory,
    {
      sealingRecipient: () => {
        if (failing.keyring !== undefined) throw failing.keyring;
      },
    } as unknown as Keyring,
  );
  let status = 0;
  let body = '';
  const response = {
    status: (code: number) => ((status = code), response),
    type: () => response,
    send: (text: string) => void (body = text),
  };
  await controller.ready(response as unknown as Response);
  return { status, body };
}

describe('/readyz, which anybody may ask', () => {
  it('is 200 when all is well', async () => {
    expect(await readyWith({})).toEqual({ status: 200, body: 'ready\n' });
  });

  it('names each part that is not, and no path of this machine', async () => {
    const answer = await readyWith({
      eventStore: new Error('the disk of the event store is full: free some space'),
      persons: new PersonDirectoryUnavailable('the person directory /var/lib/segl/persons.sqlite cannot be used: …'),
      keyring: new KeyringFault(['the keyring at /etc/segl/keyring has no usable sealing key']),
    });
    expect(answer.status).toBe(503);
    expect(answer.body.split('\n')).toEqual([
      'event store: the disk of the event store is full: free some space',
      'person directory: cannot be used; the log says why',
      'keyring: cannot be used; the log says why',
      '',
    ]);
  });
});
