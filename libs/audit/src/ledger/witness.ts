import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { DestinationUnreachable, Egress } from '#libs/egress';
import type { EgressQuestion, Passage } from '#libs/egress';
import { DomainError } from '#libs/vocabulary';

/** Somebody else who remembers how far the log has come, and signs nothing that contradicts it (C2SP tlog-witness). */
export interface Witness {
  /** The name in its signature lines. */
  readonly name: string;
  /** The submission prefix, without a slash at its end. */
  readonly url: string;
  /** The monitoring prefix; mostly the same. */
  readonly monitoringUrl: string;
  readonly publicKey: KeyObject;
  /** 4 bytes. */
  readonly keyId: Buffer;
  /** The guarded way to both prefixes, and to nobody else. */
  readonly passage: Pick<Passage, 'ask'>;
}

/** Where a witness is. */
export interface WitnessAddress {
  readonly url: string;
  /** The submission prefix by default. */
  readonly monitoringUrl?: string | undefined;
  /** Addresses outside the Internet that it may have. Only to such is http spoken. */
  readonly privateAddresses: readonly string[];
}

/** The witness could not be asked, or did not sign: what it answered, in words that name nobody. */
export class WitnessDidNotSign extends DomainError {
  constructor(witness: string, answer: string, options?: ErrorOptions) {
    super('witness-did-not-sign', `the witness ${witness} ${answer}`, options);
  }
}

/** C2SP tlog-cosignature: Ed25519 over a time and the text. */
const COSIGNATURE = 0x04;
const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;
/** DER of an Ed25519 SubjectPublicKeyInfo up to its 32 bytes (RFC 8410 §4). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const MAX_WAIT_MS = 10_000;
const ACCEPTS = { accept: '*/*' };

/**
 * @param vkey `<name>+<id>+<base64 of 0x04 ‖ key>`, as witnesses publish it
 * @returns null when it is no Ed25519 key for cosignatures in this form, or its id is not its own
 * @throws RangeError when a private address is not one
 */
export function readWitness(vkey: string, address: WitnessAddress): Witness | null {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(vkey.trim()) ?? [];
  if (name === undefined || id === undefined || encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 33 || bytes[0] !== COSIGNATURE) return null;
  const keyId = createHash('sha256').update(`${name}\n`).update(bytes).digest().subarray(0, 4);
  if (keyId.toString('hex') !== id) return null;
  const key = Buffer.concat([ED25519_SPKI, bytes.subarray(1)]);
  const { url, monitoringUrl = url, privateAddresses } = address;
  return {
    name,
    url: withoutSlash(url),
    monitoringUrl: withoutSlash(monitoringUrl),
    publicKey: createPublicKey({ key, format: 'der', type: 'spki' }),
    keyId,
    passage: new Egress({ exchangeMs: MAX_WAIT_MS }).to({
      hosts: [new URL(url).host, new URL(monitoringUrl).host],
      privateAddresses,
    }),
  };
}

export type WitnessAnswer =
  /** Its signature lines for the note, each with its line feed. */
  | { readonly kind: 'cosigned'; readonly lines: string }
  /** It last signed another size than was said. */
  | { readonly kind: 'elsewhere'; readonly size: number };

/**
 * Asks for a cosignature of a note.
 * @param old the size that it signed last, as far as is known; 0 where nothing is
 * @param proof base64, that the note's tree continues that of `old`
 * @throws WitnessDidNotSign
 */
export async function askWitness(
  witness: Witness,
  { old, proof, note }: { readonly old: number; readonly proof: readonly string[]; readonly note: string },
): Promise<WitnessAnswer> {
  const body = [`old ${old}`, ...proof, '', note].join('\n');
  const { status, text } = await exchange(witness, `${witness.url}/add-checkpoint`, {
    method: 'POST',
    headers: { ...ACCEPTS, 'content-type': 'text/plain; charset=utf-8' },
    body,
  });
  if (status === 409 && /^(0|[1-9]\d{0,15})\n$/.test(text)) return { kind: 'elsewhere', size: Number(text) };
  if (status !== 200) throw new WitnessDidNotSign(witness.name, `answered ${status}`);
  const lines = text.split(/(?<=\n)/).filter((line) => isCosignature(line, note, witness));
  if (lines.length === 0) throw new WitnessDidNotSign(witness.name, 'answered without a signature of its key');
  return { kind: 'cosigned', lines: lines.join('') };
}

/** The newest note of this log that it signed, if it says so in public; null where it has none. @throws WitnessDidNotSign */
export async function witnessedNote(witness: Witness, origin: string): Promise<string | null> {
  const hash = createHash('sha256').update(origin).digest('hex');
  const { status, text } = await exchange(witness, `${witness.monitoringUrl}/${hash}/checkpoint`, { headers: ACCEPTS });
  if (status === 404) return null;
  if (status !== 200) throw new WitnessDidNotSign(witness.name, `answered ${status}`);
  return text;
}

/** @param line with its line feed */
export function isCosignature(
  line: string,
  note: string,
  witness: Pick<Witness, 'name' | 'keyId' | 'publicKey'>,
): boolean {
  const [, name, encoded = ''] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})\n$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (name !== witness.name || bytes.length !== 4 + TIMESTAMP_BYTES + SIGNATURE_BYTES) return false;
  if (!bytes.subarray(0, 4).equals(witness.keyId)) return false;
  const time = bytes.readBigUInt64BE(4);
  if (time === 0n) return false;
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const signed = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
  return verify(null, signed, witness.publicKey, bytes.subarray(4 + TIMESTAMP_BYTES));
}

async function exchange(
  { name, passage }: Witness,
  url: string,
  question: EgressQuestion,
): Promise<{ status: number; text: string }> {
  try {
    const { status, body } = await passage.ask(new URL(url), question);
    return { status, text: Buffer.from(body).toString('utf8') };
  } catch (cause) {
    if (cause instanceof DestinationUnreachable) throw new WitnessDidNotSign(name, 'could not be asked', { cause });
    throw cause;
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
