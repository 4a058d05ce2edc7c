import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import MailComposer from 'nodemailer/lib/mail-composer';
import { CarrierReader } from '../../libs/mail/src/carrier/carrier-reader.ts';
import { CarrierWriter } from '../../libs/mail/src/carrier/carrier-writer.ts';
import { MailHeaderCollector } from '../../libs/mail/src/syntax/header-fields.ts';
import { UrlencodedFieldReader } from '../../libs/mail/src/carrier/urlencoded-field-reader.ts';
import { MailSealer } from '../../libs/sealing/src/format/mail-sealer.ts';
import { instantOf, parseMailAddress } from '../../libs/vocabulary/src/index.ts';
import {} from '../../libs/web-ui/src/locales/translate.ts';

/*
 * Carrier making, from the mail's bytes to the carrier's, beside what one would write first: the age-encryption package, the
 * ciphertext as base64 in a page, the page as an attachment of nodemailer's MailComposer. Then reading it back, and memory.
 * Interleaved; a ratio is the median over the rounds of reference time / our time, unless the detail says otherwise.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const PIECE = 64 * 1024; // as HTTP brings it
const SIZES = [
  { label: '75 KB', bytes: 75_000, rounds: 15 },
  { label: '1 MB', bytes: 1_000_000, rounds: 9 },
  { label: '25 MB', bytes: 25_000_000, rounds: 5 },
] as const;
const HEADER = Buffer.from('From: office@example.org\r\nTo: anna@example.com\r\nSubject: x\r\n\r\n');

const recipient = await identityToRecipient(await generateHybridIdentity());
const { privateKey } = generateKeyPairSync('ed25519');
const signer = { keyId: 'manifest-1', sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
const facts = {
  organisation: 'Example Office',
  sender: parseMailAddress('office@example.org'),
  recipient: parseMailAddress('anna@example.com'),
  sealedAt: instantOf('2026-11-22T12:00:00Z'),
  expiresAt: instantOf('2027-02-20T12:00:00Z'),
};

/** One seal and carrier over pieces; what comes out is handed on and let go. */
function makeCarrier(pieces: Iterable<Uint8Array>, out: (bytes: Uint8Array) => void): void {
  const collector = new MailHeaderCollector();
  collector.push(HEADER);
  const seal = new MailSealer({ recipient: { keyId: 'sealing-1', recipient }, signer, facts });
  const carrier = new CarrierWriter({
    ...facts,
    mailHeader: collector.header(),
    author: { address: facts.sender, displayName: '' },
    messageId: seal.messageId,
    publicUrl: new URL('https://mail.example.org'),
    organisation: { name: facts.organisation, locales: ['en', 'da'] },
  });
  out(carrier.begin());
  out(carrier.update(seal.begin()));
  for (const piece of pieces) out(carrier.update(seal.update(piece)));
  out(carrier.update(seal.finish()));
  out(carrier.finish());
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

/** A mail of that size that is nowhere whole. */
function* passingMail(bytes: number): Generator<Uint8Array> {
  const piece = randomBytes(PIECE);
  yield HEADER;
  for (let left = bytes - HEADER.length; left > 0; left -= PIECE) yield piece.subarray(0, Math.min(PIECE, left));
}

async function makeNaively(mail: Uint8Array): Promise<Buffer> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const ciphertext = Buffer.from(await encrypter.encrypt(mail)).toString('base64url');
  const page = `<!DOCTYPE html><form method="post" action="https://mail.example.org/open"><input type="hidden" name="m" value="${ciphertext}"><button>Read</button></form>`;
  return new MailComposer({
    from: 'office@example.org',
    to: 'anna@example.com',
    subject: 'Sealed message',
    text: 'A sealed message',
    html: '<p>A sealed message</p>',
    attachments: [{ filename: 'message.html', content: page, contentType: 'text/html' }],
  })
    .compile()
    .build();
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

async function timed(action: () => unknown): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

async function making(label: string, bytes: number, rounds: number): Promise<Measured[]> {
  const mail = Buffer.concat([HEADER, randomBytes(bytes - HEADER.length)]);
  const times: { ours: number; naive: number }[] = [];
  let carrierBytes = 0;
  let naiveBytes = 0;
  for (let round = -1; round < rounds; round++) {
    carrierBytes = 0;
    const ours = await timed(() => makeCarrier(piecesOf(mail), (piece) => (carrierBytes += piece.length)));
    const naive = await timed(async () => (naiveBytes = (await makeNaively(mail)).length));
    if (round >= 0) times.push({ ours, naive }); // the first is for warming up
  }
  const ours = median(times.map((time) => time.ours));
  return [
    {
      name: `carrier making, ${label}: naive / ours`,
      ratio: median(times.map((time) => time.naive / time.ours)),
      aim: '',
      detail: `${ours.toFixed(1)} ms, ${(bytes / 1000 / ours).toFixed(0)} MB/s; naive ${median(times.map((time) => time.naive)).toFixed(1)} ms`,
    },
    {
      name: `carrier size, ${label}: carrier / mail`,
      ratio: carrierBytes / bytes,
      aim: bytes >= 1_000_000 ? '<= 1.37' : '<= 1.34 + 16 KiB',
      detail: `${carrierBytes} bytes; naive ${(naiveBytes / bytes).toFixed(2)}`,
    },
  ];
}

/** Beside the one call that decodes the field when it is a string already. */
async function reading(): Promise<Measured[]> {
  const made: Buffer[] = [];
  makeCarrier(passingMail(25_000_000), (piece) => made.push(Buffer.from(piece)));
  const carrier = Buffer.concat(made);
  const text = carrier.toString('latin1');
  const field = text.slice(text.indexOf('name="m" value="') + 16, text.lastIndexOf('">\r\n<h1>'));
  const posted = Buffer.from(`m=${encodeURIComponent(field.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'))}`);
  const tasks = {
    oneCall: () => Buffer.from(field, 'base64'),
    carrier: () => readAll(new CarrierReader(), carrier),
    posted: () => readAll(new UrlencodedFieldReader(), posted),
    searchParams: () => Buffer.from(new URLSearchParams(posted.toString('latin1')).get('m') ?? '', 'base64'),
  };
  const times: Record<keyof typeof tasks, number>[] = [];
  for (let round = 0; round < 7; round++) {
    const time = { oneCall: 0, carrier: 0, posted: 0, searchParams: 0 };
    for (const [name, task] of Object.entries(tasks)) time[name as keyof typeof tasks] = await timed(task);
    times.push(time);
  }
  const milliseconds = (name: keyof typeof tasks) => median(times.map((time) => time[name])).toFixed(0);
  return [
    {
      name: 'carrier reading, 25 MB .eml: ours / one base64 call',
      ratio: median(times.map((time) => time.carrier / time.oneCall)),
      aim: '',
      detail: `${milliseconds('carrier')} ms, the call ${milliseconds('oneCall')} ms`,
    },
    {
      name: 'posted field, 25 MB: URLSearchParams / ours',
      ratio: median(times.map((time) => time.searchParams / time.posted)),
      aim: '',
      detail: `${milliseconds('posted')} ms, URLSearchParams ${milliseconds('searchParams')} ms`,
    },
  ];
}

function readAll(reader: CarrierReader | UrlencodedFieldReader, bytes: Buffer): number {
  let found = 0;
  for (const piece of piecesOf(bytes)) found += reader.push(piece).length;
  return found + reader.end().length;
}

/** Peak memory over idle, each in a process of its own, since a peak does not go down again. */
function memory(what: 'ours' | 'naive', bytes: number): number {
  const { stdout } = spawnSync(process.execPath, [
    ...process.execArgv,
    import.meta.filename,
    'memory',
    what,
    String(bytes),
  ]);
  return Number(stdout.toString().trim());
}

async function measureMemory(what: string, bytes: number): Promise<void> {
  makeCarrier(passingMail(100_000), () => undefined); // loaded and warm
  await makeNaively(randomBytes(1000));
  globalThis.gc?.();
  const idle = process.memoryUsage().rss;
  let peak = idle;
  const look = () => (peak = Math.max(peak, process.memoryUsage().rss));
  if (what === 'ours') makeCarrier(passingMail(bytes), look);
  else await makeNaively(Buffer.concat([...passingMail(bytes)]));
  look();
  process.stdout.write(`${((peak - idle) / 2 ** 20).toFixed(1)}\n`);
}

export async function bench(): Promise<Measured[]> {
  const results: Measured[] = [];
  for (const { label, bytes, rounds } of SIZES) results.push(...(await making(label, bytes, rounds)));
  results.push(...(await reading()));
  for (const [label, bytes] of [
    ['25 MB', 25_000_000],
    ['150 MB', 150_000_000],
  ] as const) {
    const ours = memory('ours', bytes);
    const naive = bytes === 25_000_000 ? `; naive ${memory('naive', bytes).toFixed(0)} MiB` : '';
    results.push({
      name: `carrier making, ${label}: MiB over idle`,
      ratio: ours,
      aim: '<= 24',
      detail: `whatever the size${naive}`,
    });
  }
  return results;
}

const [, , command, what = '', bytes = ''] = process.argv;
if (command === 'memory') await measureMemory(what, Number(bytes));
