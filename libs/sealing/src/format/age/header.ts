import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import { AgeFault } from './age-fault.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

/** One wrapping of the file key: a type and its arguments, and a body. */
export interface Stanza {
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

export interface AgeHeader {
  readonly stanzas: readonly Stanza[];
  /** The bytes under the MAC: up to and with the `---`. A view into the file. */
  readonly macInput: Uint8Array;
  readonly mac: Buffer;
  /** Length of the whole header, its last line feed included: the payload begins there. */
  readonly headerBytes: number;
}

export const VERSION_LINE = 'age-encryption.org/v1\n';
/** 16 bytes: age.md, File key. */
export const FILE_KEY_BYTES = 16;
const BODY_COLUMNS = 64;
/** 64 KiB: 40 hybrid stanzas. The format itself has no limit; a reader without one can be kept busy (threats.md A24). */
export const MAX_HEADER_BYTES = 64 * 1024;
const MAX_STANZAS = 64;
const LF = 0x0a;
const ARGUMENT = /^[\x21-\x7e]+$/;

/**
 * Reads the header of a binary age file by the grammar of age.md, all of it: canonical base64, no stray carriage return, no
 * empty argument, a short last line in every body. Knows no recipient types.
 *
 * @throws AgeFault `header`
 */
export function parseHeader(file: Uint8Array): AgeHeader {
  const bytes = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, MAX_HEADER_BYTES));
  let offset = 0;
  const readLine = (): string => {
    const end = bytes.indexOf(LF, offset);
    if (end < 0) throw new AgeFault('header', 'the header has no end, or is over 64 KiB');
    const line = bytes.toString('latin1', offset, end);
    offset = end + 1;
    return line;
  };

  if (`${readLine()}\n` !== VERSION_LINE) throw new AgeFault('header', 'not an age v1 file');
  const stanzas: Stanza[] = [];
  for (;;) {
    const lineStart = offset;
    const line = readLine();
    if (line.startsWith('-> ')) {
      if (stanzas.length === MAX_STANZAS) throw new AgeFault('header', `more than ${MAX_STANZAS} stanzas`);
      stanzas.push(readStanza(line, readLine));
      continue;
    }
    const mac = line.startsWith('--- ') ? decodeBase64(line.slice(4)) : null;
    if (mac?.length !== 32) throw new AgeFault('header', 'neither a stanza nor a MAC line');
    if (stanzas.length === 0) throw new AgeFault('header', 'no stanza');
    return { stanzas, macInput: bytes.subarray(0, lineStart + 3), mac, headerBytes: offset };
  }
}

function readStanza(firstLine: string, readLine: () => string): Stanza {
  const args = firstLine.slice(3).split(' ');
  if (!args.every((arg) => ARGUMENT.test(arg)))
    throw new AgeFault('header', 'a stanza with an empty or unprintable argument');
  const lines: Buffer[] = [];
  for (;;) {
    const line = readLine();
    const body = line.length <= BODY_COLUMNS ? decodeBase64(line) : null;
    if (body === null) throw new AgeFault('header', 'a stanza body that is not canonical base64 in 64 columns');
    lines.push(body);
    if (line.length < BODY_COLUMNS) return { args, body: Buffer.concat(lines) };
  }
}

/** Writes a header and seals it with its MAC. */
export function encodeHeader(stanzas: readonly Stanza[], fileKey: Uint8Array): Buffer {
  const macInput = Buffer.from(`${VERSION_LINE}${stanzas.map(encodeStanza).join('')}---`, 'latin1');
  return Buffer.concat([macInput, Buffer.from(` ${encodeBase64(headerMac(macInput, fileKey))}\n`, 'latin1')]);
}

function encodeStanza({ args, body }: Stanza): string {
  const text = encodeBase64(body);
  let lines = '';
  for (let i = 0; i < text.length; i += BODY_COLUMNS) lines += `${text.slice(i, i + BODY_COLUMNS)}\n`;
  if (text.length % BODY_COLUMNS === 0) lines += '\n'; // the last line must be a short one
  return `-> ${args.join(' ')}\n${lines}`;
}

function headerMac(macInput: Uint8Array, fileKey: Uint8Array): Buffer {
  const key = hkdfSync('sha256', createSecretKey(fileKey), '', 'header', 32);
  return createHmac('sha256', createSecretKey(Buffer.from(key)))
    .update(macInput)
    .digest();
}

/** @throws AgeFault `hmac` when the header is not the one that was made with this file key */
export function checkHeaderMac(header: AgeHeader, fileKey: Uint8Array): void {
  if (!timingSafeEqual(headerMac(header.macInput, fileKey), header.mac))
    throw new AgeFault('hmac', 'the header was altered');
}
