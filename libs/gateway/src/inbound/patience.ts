/** 16 KB/s: a mail server one network away sends a thousand times that. Slower than this, a mail of 25 MiB takes half an hour. */
const MIN_DATA_BYTES_PER_SECOND = 16 * 1024;

/**
 * How long a client is waited for. A command has its time from the last reply, and single bytes of it buy no more; a mail has
 * its time from the last byte, and a pace besides, so that nobody holds a connection by sending drop by drop. While the client waits
 * for us, no time runs.
 */
export class Patience {
  private since = performance.now();
  private dataSince: number | null = null;
  private dataBytes = 0;
  private readonly timer: NodeJS.Timeout;

  /**
   * @param isOurTurn whether the client waits for us
   * @param isOver called again and again until `stop`, once the time is over
   */
  constructor(
    private readonly silenceSeconds: number,
    private readonly isOurTurn: () => boolean,
    isOver: () => void,
  ) {
    const look = () => {
      if (this.isOurTurn()) this.since = performance.now();
      else if (this.secondsLeft() <= 0) isOver();
    };
    this.timer = setInterval(look, Math.min(1000, silenceSeconds * 250));
    this.timer.unref();
  }

  /** A reply went out: the client has its whole time for the next command, or for a mail. */
  hasReplied({ dataFollows }: { readonly dataFollows: boolean }): void {
    this.since = performance.now();
    this.dataSince = dataFollows ? this.since : null;
    this.dataBytes = 0;
  }

  hasSentData(bytes: number): void {
    this.since = performance.now();
    this.dataBytes += bytes;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private secondsLeft(): number {
    const now = performance.now();
    const ofSilence = this.silenceSeconds - (now - this.since) / 1000;
    if (this.dataSince === null) return ofSilence;
    const allowed = this.silenceSeconds + this.dataBytes / MIN_DATA_BYTES_PER_SECOND;
    return Math.min(ofSilence, allowed - (now - this.dataSince) / 1000);
  }
}
