import { argon2, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { argon2id, hash } from 'argon2';

/* What nobody can save a sign-in, alone in a process: as often as a message says, answered by milliseconds of processor time for each. */

const digestWithNode = promisify(argon2);
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signed = randomBytes(500);

/** With the parameters of libs/passcode/src/issued-otps.ts. */
const WORK: Readonly<Record<string, () => unknown>> = {
  argon2: () =>
    hash('1234 5678', {
      ...{ type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, hashLength: 32, raw: true },
      salt: randomBytes(16),
    }),
  'argon2 of Node': () =>
    digestWithNode('argon2id', {
      ...{ message: '1234 5678', nonce: randomBytes(16), parallelism: 1, tagLength: 32, memory: 19_456, passes: 2 },
    }),
  es256: () => verify('sha256', signed, publicKey, sign('sha256', signed, privateKey)),
};

process.on('message', async ({ what, times }: { what: string; times: number }) => {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) await WORK[what]?.();
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / 1000 / times);
});
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
