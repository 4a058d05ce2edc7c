import { isWithin } from '#libs/vocabulary';
import type { Clock, Instant } from '#libs/vocabulary';
import { ClientRefused, UpstreamUnreachable } from './upstream.ts';

/** What of a provider was asked. */
export type AskedPart = 'metadata' | 'keys' | 'pushed request' | 'token' | 'userinfo';

/** Why a provider cannot be used, in our own words: nothing that a visitor sent. */
export interface Trouble {
  readonly cause: string;
  readonly since: Instant;
}

/** Hears of it once when a provider cannot be used, and once when it works again. */
export type StandingListener = (line: string) => void;

/** An hour: what only a sign-in finds out is not believed for longer without another one. */
const BELIEVED_SECONDS = 3_600;
const FOUND_BY_SIGN_INS: readonly AskedPart[] = ['pushed request', 'token', 'userinfo'];
/** Lines that one provider may write: what one visitor's code is answered with, a visitor may choose, and so turn this to and fro. */
const LINES = { times: 6, seconds: 600 };

interface Found extends Trouble {
  readonly seenAt: Instant;
}

/** Whether a provider could be used when it was last asked; says so once when that changes. */
export class Standing {
  listener: StandingListener | null = null;
  private readonly found = new Map<AskedPart, Found>();
  private saidAt: readonly Instant[] = [];
  private heldBack = 0;

  constructor(
    private readonly who: string,
    private readonly clock: Clock,
  ) {}

  /** The one that was found first. */
  trouble(): Trouble | null {
    const now = this.clock.now();
    const believed = [...this.found].filter(
      ([part, { seenAt }]) => !FOUND_BY_SIGN_INS.includes(part) || isWithin(BELIEVED_SECONDS, seenAt, now),
    );
    const [first] = believed.map(([, found]) => found).sort((one, other) => (one.since < other.since ? -1 : 1));
    return first === undefined ? null : { cause: first.cause, since: first.since };
  }

  /** @throws whatever the asking throws */
  async noting<T>(part: AskedPart, asking: Promise<T>): Promise<T> {
    try {
      const answer = await asking;
      this.works(part);
      return answer;
    } catch (fault) {
      if (fault instanceof UpstreamUnreachable || fault instanceof ClientRefused) this.fails(part, fault.message);
      throw fault;
    }
  }

  private fails(part: AskedPart, cause: string): void {
    const before = this.found.get(part);
    const now = this.clock.now();
    const isKnown = before?.cause === cause;
    this.found.set(part, { cause, since: isKnown ? before.since : now, seenAt: now });
    if (!isKnown) this.say(`${this.who} cannot be used: ${cause}`);
  }

  private works(part: AskedPart): void {
    if (this.found.delete(part) && this.found.size === 0) this.say(`${this.who} works again`);
  }

  private say(line: string): void {
    if (this.listener === null) return;
    const now = this.clock.now();
    const lately = this.saidAt.filter((said) => isWithin(LINES.seconds, said, now));
    if (lately.length >= LINES.times) {
      this.heldBack += 1;
      return;
    }
    this.saidAt = [...lately, now];
    this.listener(this.heldBack === 0 ? line : `${line} (${this.heldBack} such lines were left out before it)`);
    this.heldBack = 0;
  }
}
