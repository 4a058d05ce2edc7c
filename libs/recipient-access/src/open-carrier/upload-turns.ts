/** 64 KiB, a socket's worth at once: some 0.5 ms of decoding, comparing and keeping. */
const TURN_BYTES = 64 * 1024;
/** 2 ms of a round for all uploads together. */
const TURNS_A_ROUND = 4;

/**
 * Uploads share the event loop with everyone else. It takes in one new connection in each of its rounds, so twenty uploads that
 * all did a piece in every round kept others waiting for a second and more. Together they have so many turns a round, given in
 * the order in which they were asked for; one upload alone hardly notices.
 */
export class UploadTurns {
  private readonly line: (() => void)[] = [];
  private scheduled = 0;

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
      setImmediate(() => {
        this.scheduled--;
        this.line.shift()?.();
        this.schedule();
      });
    }
  }
}
