import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';

/** 2048: RFC 5321 §4.5.3.1.4 wants 512, RFC 3461 §4 and RFC 6531 §3.4 another 1000; a login line of 300 fits. */
const MAX_LINE_BYTES = 2048;
const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

/** What a session gets to know of what comes in. */
export interface InputWatch {
  /** A command line that is none: after it, nothing is read any more. */
  brokenLine(fault: 'too-long' | 'broken'): void;
  dataBytes(bytes: number): void;
}

/**
 * Gives smtp-server's parser whole command lines, one at a time. By itself that one takes a bare LF for the end of a line, and
 * NUL and bare CR for letters: two servers that read the same bytes in two ways are what smuggling is made of (threats.md A36).
 */
export class CommandLines extends SMTPStream {
  private partialLine = NOTHING;
  private restBytes = 0;

  constructor(private readonly watch: InputWatch) {
    super({ maxCommandLength: MAX_LINE_BYTES });
  }

  /** Whether bytes came after the command that is being handled: a client that waits for a reply before TLS sends none. */
  get hasMore(): boolean {
    return this.restBytes > 0 || this.writableLength > this.handledBytes;
  }
  private handledBytes = 0;

  override _write(chunk: Buffer, encoding: BufferEncoding | 'buffer', next: (error?: Error | null) => void): void {
    if (this.isClosed || chunk.length === 0) return next();
    if (this._dataMode) {
      this.watch.dataBytes(chunk.length);
      super._write(chunk, encoding, next);
      return;
    }
    this.handledBytes = chunk.length;
    this.takeLine(chunk, next);
  }

  private takeLine(chunk: Buffer, next: (error?: Error | null) => void): void {
    if (this.isClosed || chunk.length === 0) return next();
    if (this._dataMode) return this._write(chunk, 'buffer', next);
    const end = chunk.indexOf(LF);
    const line = Buffer.concat([this.partialLine, end < 0 ? chunk : chunk.subarray(0, end + 1)]);
    if (line.length > MAX_LINE_BYTES) return this.refuse('too-long', next);
    if (end < 0) {
      this.partialLine = line;
      return next();
    }
    this.partialLine = NOTHING;
    if (!isWhole(line)) return this.refuse('broken', next);
    const rest = chunk.subarray(end + 1);
    this.restBytes = rest.length;
    // A turn of the event loop between two commands: a chunk that is full of them keeps nobody else waiting.
    super._write(line, 'buffer', (error) => (error ? next(error) : setImmediate(() => this.takeLine(rest, next))));
  }

  private refuse(fault: 'too-long' | 'broken', next: () => void): void {
    this.partialLine = NOTHING;
    this.isClosed = true;
    this.watch.brokenLine(fault);
    next();
  }
}

function isWhole(line: Buffer): boolean {
  const text = line.subarray(0, -2);
  return line.at(-2) === CR && !text.includes(CR) && !text.includes(0);
}
