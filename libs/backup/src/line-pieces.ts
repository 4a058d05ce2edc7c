import { MAX_PIECE_BYTES } from './backup-form.ts';

/** Lines in entries of a bounded size, `<prefix>00000001.ndjson` and so on. */
export class LinePieces {
  private lines: string[] = [];
  private bytes = 0;
  private pieces = 0;

  constructor(
    private readonly prefix: string,
    private readonly write: (name: string, text: string) => Promise<void>,
  ) {}

  async add(line: string): Promise<void> {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.bytes > 0 && this.bytes + bytes > MAX_PIECE_BYTES) await this.handOver();
    this.lines.push(line);
    this.bytes += bytes;
  }

  async finish(): Promise<void> {
    if (this.lines.length > 0) await this.handOver();
  }

  private async handOver(): Promise<void> {
    const text = `${this.lines.join('\n')}\n`;
    this.lines = [];
    this.bytes = 0;
    await this.write(`${this.prefix}${String(++this.pieces).padStart(8, '0')}.ndjson`, text);
  }
}
