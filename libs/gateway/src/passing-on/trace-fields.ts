/**
 * Fields that servers on the way add or change each time a mail is tried, and which therefore do not make it another mail: the
 * trace fields of RFC 5322 §3.6.7 (Received, Return-Path), what RFC 8601 and RFC 8617 put among them (Authentication-Results, ARC-…),
 * Received-SPF, X-Received, and what Exchange stamps on its way out. Everything else counts, Message-ID, Date, Resent-… and
 * DKIM-Signature too.
 */
const TRACE_FIELD =
  /^(?:received|return-path|authentication-results|received-spf|x-received|arc-(?:seal|message-signature|authentication-results)|x-ms-exchange-[!-9;-~]+|x-ms-office365-[!-9;-~]+|x-forefront-antispam-report|x-microsoft-antispam[!-9;-~]*)[ \t]*:/i;

/** A header without its trace fields, and what puts them back. */
export interface CutHeader {
  readonly kept: Buffer;
  readonly cut: readonly CutField[];
}

export interface CutField {
  /** Where in `kept` it stood. */
  readonly at: number;
  /** The field with its folded lines and line ends, as latin1. */
  readonly text: string;
}

/** @param header a mail from its first byte, up to and with the empty line behind its header */
export function cutTrace(header: Buffer): CutHeader {
  const kept: Buffer[] = [];
  const cut: { at: number; text: string }[] = [];
  let keptBytes = 0;
  let isTrace = false;
  for (const line of linesOf(header)) {
    const isFolded = line[0] === 0x20 || line[0] === 0x09;
    const last = cut.at(-1);
    if (!isFolded) isTrace = TRACE_FIELD.test(line.toString('latin1'));
    if (!isTrace) {
      kept.push(line);
      keptBytes += line.length;
    } else if (last?.at === keptBytes) last.text += line.toString('latin1');
    else cut.push({ at: keptBytes, text: line.toString('latin1') });
  }
  return { kept: Buffer.concat(kept), cut };
}

/** The header as it was. */
export function putBack({ kept, cut }: CutHeader): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { at, text } of cut) {
    pieces.push(kept.subarray(from, at), Buffer.from(text, 'latin1'));
    from = at;
  }
  return Buffer.concat([...pieces, kept.subarray(from)]);
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(0x0a, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    yield bytes.subarray(at, next);
    at = next;
  }
}
