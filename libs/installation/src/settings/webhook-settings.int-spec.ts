import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConfigurationFault } from './configuration-fault.ts';
import { signInSchema } from './sign-in-settings.ts';
import { webhooksOf } from './webhook-settings.ts';

const GOOD = `whsec_${Buffer.alloc(32, 1).toString('base64')}\n`;

describe('the webhook of a program', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-webhook-settings-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const written = (names: readonly string[]) => ({
    signIn: signInSchema.parse({
      clients: names.map((name) => ({
        ...{
          clientId: name,
          kind: 'program',
          publicKeyFile: 'x.pem',
          scopes: ['messages:seal'],
          senders: ['@x.example'],
        },
        webhook: { url: 'https://crm.example.org/segl', secretFile: join(directory, name) },
      })),
    }),
  });

  it('has the secrets that stand in its file, and those of later', async () => {
    await writeFile(join(directory, 'crm'), GOOD);
    const [webhook] = webhooksOf(written(['crm']));
    expect(webhook).toMatchObject({ clientId: 'crm', includesViews: false, privateAddresses: [] });
    expect(webhook?.secrets()).toHaveLength(1);
    await writeFile(join(directory, 'crm'), GOOD + GOOD);
    expect(webhook?.secrets()).toHaveLength(2);
  });

  it('is refused with every fault of every file, and nothing of what stands there', async () => {
    await writeFile(join(directory, 'empty'), '\n');
    await writeFile(join(directory, 'other'), 'correct horse battery staple');
    const faultsOf = () => {
      try {
        webhooksOf(written(['empty', 'missing', 'other']));
        return [];
      } catch (error) {
        return (error as ConfigurationFault).faults;
      }
    };
    expect(faultsOf()).toEqual([
      expect.stringContaining('empty: webhook: secretFile'),
      expect.stringMatching(/missing: webhook: secretFile: .* cannot be read: ENOENT/),
      expect.stringMatching(/other: webhook: secretFile: .* line 1 is not whsec_/),
    ]);
    expect(faultsOf().join()).not.toContain('horse');
  });
});
