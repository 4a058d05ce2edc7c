import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { beginAgeFile, unwrapFileKey } from '../../libs/sealing/src/format/age/age-file.ts';
import { parseHeader } from '../../libs/sealing/src/format/age/header.ts';
import { HybridIdentity, HybridRecipient } from '../../libs/sealing/src/format/age/hybrid.ts';
import { PayloadOpener } from '../../libs/sealing/src/format/age/payload.ts';
import { MailSealer } from '../../libs/sealing/src/format/mail-sealer.ts';
import { openSealedMail } from '../../libs/sealing/src/format/open-sealed-mail.ts';
import { encodeBech32 } from '../../libs/vocabulary/src/bech32.ts';
import type { SealDigests } from '../../libs/sealing/src/format/mail-sealer.ts';
import type { Manifest } from '../../libs/sealing/src/format/manifest.ts';
import type { Instant, MailAddress } from '../../libs/vocabulary/src/index.ts';

/*
 * The seal and open cores beside bare ChaCha20-Poly1305: the same bytes in chunks of 64 KiB, a KeyObject, a new cipher and a tag
 * for each, nothing kept. Interleaved round by round; a ratio is the median over the rounds of reference time / our time. Above 1
 * is no mistake: the bare loop leaves each chunk's memory to the garbage collector, and ours is let go at once.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const CHUNK = 64 * 1024;
const PIECE = 512 * 1024;
const SIZES = [
  { label: '75 KB', bytes: 75_000, rounds: 60, aim: '' },
  { label: '1 MB', bytes: 1_000_000, rounds: 40, aim: '' },
  { label: '25 MB', bytes: 25_000_000, rounds: 9, aim: '>= 0.85' },
] as const;
/** `hash` is SHA-256 twice over the mail: what the record's two digests cost at least. */
const TASKS = ['bareSeal', 'seal', 'bareOpen', 'open', 'hash', 'mailSeal', 'mailOpen'] as const;
type Task = (typeof TASKS)[number];

const identityText = encodeBech32('age-secret-key-pq-', randomBytes(32)).toUpperCase();
const identity = HybridIdentity.parse(identityText);
const recipientText = identity.recipient();
const recipient = HybridRecipient.parse(recipientText);
const manifestKey = generateKeyPairSync('ed25519');
const bareKey = createSecretKey(randomBytes(32));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function bareSeal(mail: Buffer): void {
  const nonce = Buffer.alloc(12);
  for (let i = 0; i < mail.length; i += CHUNK) {
    nonce.writeUInt32BE(i / CHUNK, 7);
    const cipher = createCipheriv('chacha20-poly1305', bareKey, nonce, { authTagLength: 16 });
    cipher.update(mail.subarray(i, i + CHUNK));
    cipher.final();
    cipher.getAuthTag();
  }
}

/** As bareSeal would have left it: ciphertext and tag of each chunk, one after the other. */
function bareFile(mail: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  const parts: Buffer[] = [];
  for (let i = 0; i < mail.length; i += CHUNK) {
    nonce.writeUInt32BE(i / CHUNK, 7);
    const cipher = createCipheriv('chacha20-poly1305', bareKey, nonce, { authTagLength: 16 });
    parts.push(cipher.update(mail.subarray(i, i + CHUNK)), cipher.final(), cipher.getAuthTag());
  }
  return Buffer.concat(parts);
}

function bareOpen(file: Buffer): void {
  const nonce = Buffer.alloc(12);
  for (let i = 0, count = 0; i < file.length; i += CHUNK + 16, count++) {
    nonce.writeUInt32BE(count, 7);
    const chunk = file.subarray(i, i + CHUNK + 16);
    const decipher = createDecipheriv('chacha20-poly1305', bareKey, nonce, { authTagLength: 16 });
    decipher.setAuthTag(chunk.subarray(-16));
    decipher.update(chunk.subarray(0, -16));
    decipher.final();
  }
}

/** The age layer alone: header, file key, payload in pieces as they come from a stream. */
function sealCore(mail: Buffer): number {
  let bytes = 0;
  const { payload } = beginAgeFile([recipient], (sealed) => (bytes += sealed.length));
  for (let i = 0; i < mail.length; i += PIECE) payload.update(mail.subarray(i, i + PIECE));
  payload.finish();
  return bytes;
}

function openCore(file: Buffer): number {
  const header = parseHeader(file);
  let bytes = 0;
  const payload = new PayloadOpener(unwrapFileKey(header, [identity]), (chunk) => (bytes += chunk.length));
  for (let i = header.headerBytes; i < file.length; i += PIECE) payload.update(file.subarray(i, i + PIECE));
  payload.finish();
  return bytes;
}

function newSealer(): MailSealer {
  return new MailSealer({
    recipient: { keyId: 'sealing-1', recipient: recipientText },
    signer: { keyId: 'manifest-1', sign: (bytes) => sign(null, bytes, manifestKey.privateKey) },
    facts: {
      organisation: 'Bench',
      sender: 'a@example.org' as MailAddress,
      recipient: 'b@example.org' as MailAddress,
      sealedAt: '2026-11-22T00:00:00.000Z' as Instant,
      expiresAt: '2027-02-20T00:00:00.000Z' as Instant,
    },
  });
}

function sealMail(mail: Buffer, keep?: Buffer[]): { manifest: Manifest; digests: SealDigests } {
  const sealer = newSealer();
  const take = (bytes: Buffer) => keep?.push(Buffer.from(bytes));
  take(sealer.begin());
  for (let i = 0; i < mail.length; i += PIECE) take(sealer.update(mail.subarray(i, i + PIECE)));
  take(sealer.finish());
  return { manifest: sealer.manifest, digests: sealer.digests() };
}

async function* pieces(file: Buffer): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < file.length; i += PIECE) yield file.subarray(i, i + PIECE);
}

/** A sealed mail and what is done with it, each under its name. */
function tasksFor(mail: Buffer): Record<Task, () => void | Promise<void>> {
  const parts: Buffer[] = [];
  const { header, payload } = beginAgeFile([recipient], (sealed) => parts.push(Buffer.from(sealed)));
  payload.update(mail);
  payload.finish();
  const file = Buffer.concat([header, payload.nonce, ...parts]);
  const bare = bareFile(mail);
  const kept: Buffer[] = [];
  const { manifest, ...seal } = sealMail(mail, kept);
  const sealedMail = Buffer.concat(kept);
  const recorded = { ...manifest, ...seal.digests, manifestKeyId: manifest.signingKeyId };
  return {
    bareSeal: () => bareSeal(mail),
    seal: () => void sealCore(mail),
    bareOpen: () => bareOpen(bare),
    open: () => void openCore(file),
    hash: () => {
      for (let once = 0; once < 2; once++) createHash('sha256').update(mail).digest();
    },
    mailSeal: () => void sealMail(mail),
    mailOpen: async () => {
      const opened = await openSealedMail(pieces(sealedMail), {
        identity: { keyId: 'sealing-1', identity: identityText },
        verifierFor: () => ({ verify: (input, signature) => verify(null, input, manifestKey.publicKey, signature) }),
        recorded,
        recipient: manifest.recipient,
        sender: manifest.sender,
      });
      if (opened.mail.length !== mail.length) throw new Error('opened to another length');
    },
  };
}

async function millisecondsOf(work: () => void | Promise<void>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const MIB = 1024 * 1024;

/**
 * Memory over idle and the longest stall of the event loop, before anything else has warmed this process's memory up.
 *
 * @param work is called with a mark to set wherever memory may be at its highest
 */
async function overIdle(work: (mark: () => void) => Promise<void>): Promise<{ mib: number; stallMs: number }> {
  (globalThis as { gc?: () => void }).gc?.();
  const idle = process.memoryUsage.rss();
  let peak = idle;
  let longest = 0;
  const mark = () => void (peak = Math.max(peak, process.memoryUsage.rss()));
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    mark();
  }, 1);
  await work(mark);
  mark();
  longest = Math.max(longest, performance.now() - last);
  clearInterval(timer);
  return { mib: (peak - idle) / MIB, stallMs: longest };
}

async function sealingOverIdle(bytes: number): Promise<Measured> {
  const piece = randomBytes(PIECE);
  sealMail(piece);
  const { mib } = await overIdle(async (mark) => {
    const sealer = newSealer();
    sealer.begin();
    for (let sealed = 0; sealed < bytes; sealed += PIECE) {
      sealer.update(piece);
      mark();
      await new Promise((resume) => setImmediate(resume));
    }
    sealer.finish();
  });
  const detail = `+${mib.toFixed(1)} MiB for one recipient`;
  return { name: `memory of sealing ${bytes / 1e6} MB / 24 MiB`, ratio: mib / 24, aim: '<= 1', detail };
}

/**
 * What our own work causes shows in every round, what other processes cause only in some: so the best of five rounds.
 * (The memory of opening is not told here: this process has just sealed, and would open into what that left behind.)
 */
async function openingStall(bytes: number): Promise<Measured> {
  const { mailOpen } = tasksFor(randomBytes(bytes));
  const stalls: number[] = [];
  for (let round = 0; round < 5; round++) stalls.push((await overIdle(async () => mailOpen())).stallMs);
  const best = Math.min(...stalls);
  const detail = `${best.toFixed(1)} ms, best of 5 rounds; worst ${Math.max(...stalls).toFixed(1)} ms`;
  return { name: `longest stall of opening ${bytes / 1e6} MB / 50 ms`, ratio: best / 50, aim: '<= 1', detail };
}

export async function bench(): Promise<Measured[]> {
  const measured = [await sealingOverIdle(150e6), await openingStall(25e6)];
  for (const { label, bytes, rounds, aim } of SIZES) {
    const tasks = tasksFor(randomBytes(bytes));
    const times = Object.fromEntries(TASKS.map((task) => [task, [] as number[]])) as Record<Task, number[]>;
    for (let round = -2; round < rounds; round++) {
      // Each round begins with another task, so that none always runs in the wake of the same one.
      for (let i = 0; i < TASKS.length; i++) {
        const task = TASKS[(i + round + TASKS.length) % TASKS.length] ?? 'seal';
        const time = await millisecondsOf(tasks[task]);
        if (round >= 0) times[task].push(time); // the rounds before warm up
      }
    }
    const compare = (name: string, ours: Task, reference: readonly Task[], aimOfThis: string): Measured => {
      const ratios = times[ours].map(
        (time, round) => reference.reduce((sum, task) => sum + (times[task][round] ?? 0), 0) / time,
      );
      const milliseconds = median(times[ours]);
      const beside = reference.map((task) => median(times[task])).reduce((sum, time) => sum + time, 0);
      const rate = (bytes / 1000 / milliseconds).toFixed(0);
      return {
        name: `${name}, ${label}`,
        ratio: median(ratios),
        aim: aimOfThis,
        detail: `${milliseconds.toFixed(2)} ms beside ${beside.toFixed(2)} ms of ${reference.join(' + ')}, ${rate} MB/s`,
      };
    };
    measured.push(
      compare('seal core', 'seal', ['bareSeal'], aim),
      compare('open core', 'open', ['bareOpen'], aim),
      compare('seal with manifest and both digests', 'mailSeal', ['bareSeal', 'hash'], ''),
      compare('open verified into one buffer', 'mailOpen', ['bareOpen', 'hash'], ''),
    );
  }
  return measured;
}
