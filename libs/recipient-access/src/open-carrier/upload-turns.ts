/** 64 KiB, a socket's worth at once: some 0.5 ms of decoding, comparing and keeping. */
const TURN_BYTES = 64 * 1024;
const TURNS_A_ROUND = 4;
/** For all uploads together, in milliseconds: past it a round gives no further turn, since a piece that was made for it takes 10 ms alone. */
const ROUND_MS = 2;

/**
 * Uploads share the event loop with everyone else. It takes in one new connection in each of its rounds, so twenty uploads that
 * all did a piece in every round kept others waiting for a second and more. Together they have so many turns a round, given in
 * the order in which they were asked for; one upload alone hardly notices.
 */
export class UploadTurns {
  private readonly line: (() => void)[] = [];
  private scheduled = 0;
  private roundBegunAtMs: number | null = null;

  /** @param nowMs monotonic, in milliseconds */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** @returns the upload's own pieces, with a pause at least every 64 KiB */
  async *pace<Piece extends Uint8Array>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    let bytes = TURN_BYTES; // the first piece waits for its turn as well
    for await (const piece of pieces) {
      if (bytes >= TURN_BYTES) {
        await this.turn();
        bytes = 0;
      }
      bytes += piece.byteLength;
      yield piece;
    }
  }

  private turn(): Promise<void> {
    return new Promise((resume) => {
      this.line.push(resume);
      this.schedule();
    });
  }

  /** What is scheduled while a round gives turns comes in the next one. */
  private schedule(): void {
    while (this.scheduled < Math.min(TURNS_A_ROUND, this.line.length)) {
      this.scheduled++;
      setImmediate(() => this.give());
    }
  }

  private give(): void {
    this.scheduled--;
    if (this.roundBegunAtMs === null) {
      this.roundBegunAtMs = this.nowMs();
      setImmediate(() => (this.roundBegunAtMs = null)); // ahead of the turns of the next round
    }
    if (this.nowMs() - this.roundBegunAtMs < ROUND_MS) this.line.shift()?.();
    this.schedule();
  }
}
