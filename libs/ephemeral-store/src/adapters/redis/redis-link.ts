import { EphemeralStoreUnavailable, EphemeralStoreUnsafe } from '../../ephemeral-store.ts';
import type { RedisAddress } from './redis-address.ts';
import { NotAllowed, RedisConnection } from './redis-connection.ts';
import type { ConnectionLimits } from './redis-connection.ts';
import { askServer, reasonsAgainst, takenOnTrust, warningsAbout } from './server-safety.ts';
import type { VouchedFact } from './vouched-facts.ts';

/** What an operator should see in the log. Names no secret. */
export interface RedisNotice {
  readonly level: 'info' | 'warning';
  readonly message: string;
}

export interface LinkSettings extends ConnectionLimits {
  readonly address: RedisAddress;
  /** The bound of the store, for the warning about maxmemory. */
  readonly maxBytes: number;
  /** What the operator vouches for where the server does not say it. */
  readonly vouchedFor: ReadonlySet<VouchedFact>;
  /** How often a server that is in use is asked again whether it is safe, in milliseconds. */
  readonly checkMs: number;
  readonly onNotice: (notice: RedisNotice) => void;
  /** Called on each connection, and again after the server became safe, before anything else is sent on it. */
  readonly prepare: (connection: RedisConnection) => Promise<void>;
  /** Called at each check of a server in use. */
  readonly tend: (connection: RedisConnection) => Promise<void>;
}

type LinkState =
  | { readonly status: 'ready'; readonly connection: RedisConnection }
  | { readonly status: 'unsafe'; readonly connection: RedisConnection; readonly reasons: readonly string[] }
  | { readonly status: 'away'; readonly reason: string }
  | { readonly status: 'closed' };

/** How long a call waits for a connection that is just being made anew: over a server's restart, no longer. */
const PATIENCE_MS = 500;
/** Calls that may wait so; more are refused at once. */
const MAX_WAITING = 1000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** Until it is looked whether a server that is not safe was mended, or another one is there. */
const UNSAFE_CHECK_MS = 5000;

/**
 * Keeps one connection to a server that is safe to use: makes it anew with growing pauses, each up to doubled by chance so that
 * many processes do not come at once, and asks the server on every connection and regularly whether it would keep anything.
 */
export class RedisLink {
  private readonly settings: LinkSettings;
  private state: LinkState = { status: 'away', reason: 'not connected yet' };
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<() => void>();
  private noticed = '';
  private readonly warned = new Set<string>();

  constructor(settings: LinkSettings) {
    this.settings = settings;
  }

  /**
   * The first connection.
   * @throws EphemeralStoreUnsafe; EphemeralStoreUnavailable when the server lets us not in, or is not there in time
   */
  async open(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const fault = await this.connect();
      if (this.state.status === 'ready') return;
      if (this.state.status === 'unsafe') {
        const { reasons } = this.state;
        await this.close();
        throw new EphemeralStoreUnsafe(reasons);
      }
      if (fault instanceof NotAllowed || performance.now() + FIRST_PAUSE_MS * 4 > deadline) {
        await this.close();
        throw fault ?? new EphemeralStoreUnavailable('no connection to Redis');
      }
      clearTimeout(this.timer);
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 4));
    }
  }

  /** The connection to use now, waited for a moment. @throws EphemeralStoreUnavailable with the reason */
  async connection(): Promise<RedisConnection> {
    if (this.state.status === 'ready') return this.state.connection;
    if (this.state.status === 'away' && this.waiting.size < MAX_WAITING) await this.change();
    return this.current();
  }

  /** Asks the server now whether it is safe. */
  async check(): Promise<void> {
    const { state } = this;
    if (state.status !== 'ready' && state.status !== 'unsafe') return;
    const { connection } = state;
    clearTimeout(this.timer);
    try {
      const reasons = await this.reasons(connection);
      if (this.state !== state) return;
      if (reasons.length > 0) return await this.dialAnew(connection, reasons);
      if (state.status === 'unsafe') await this.use(connection);
      else await this.settings.tend(connection);
    } catch {
      // Whatever it was: a connection on which this cannot be known is not used on.
      if (this.state === state) await this.giveUp(connection, 'it does not say whether it is safe');
      return;
    }
    this.checkLater(connection);
  }

  /** The address may lead to another server by now, as after a failover: this one is given up, whatever it becomes. */
  private async dialAnew(connection: RedisConnection, reasons: readonly string[]): Promise<void> {
    this.become({ status: 'unsafe', connection, reasons });
    await this.connect();
    await connection.close();
  }

  async close(): Promise<void> {
    const { state } = this;
    if (state.status === 'closed') return;
    this.become({ status: 'closed' });
    clearTimeout(this.timer);
    if (state.status !== 'away') await state.connection.close();
  }

  private current(): RedisConnection {
    switch (this.state.status) {
      case 'ready':
        return this.state.connection;
      case 'closed':
        throw new EphemeralStoreUnavailable('the ephemeral store is closed');
      case 'unsafe':
        throw new EphemeralStoreUnavailable(new EphemeralStoreUnsafe(this.state.reasons).message);
      case 'away':
        throw new EphemeralStoreUnavailable(this.state.reason);
    }
  }

  /** Until the state is another one, or patience is over. */
  private async change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, PATIENCE_MS);
      this.waiting.add(go);
    });
  }

  private async connect(): Promise<Error | null> {
    this.attempts++;
    let connection: RedisConnection | null = null;
    let lost: string | null = null;
    try {
      connection = await RedisConnection.open(this.settings.address, this.settings, (reason) => {
        lost = reason;
        this.onLost(connection, reason);
      });
      const reasons = await this.reasons(connection);
      if (lost !== null) throw new EphemeralStoreUnavailable(lost);
      if (this.state.status === 'closed') await connection.close();
      else if (reasons.length > 0) this.become({ status: 'unsafe', connection, reasons });
      else await this.use(connection);
      this.checkLater(connection);
      return null;
    } catch (error) {
      await connection?.close();
      this.retreat(error instanceof Error ? error.message : 'no connection to Redis');
      return error as Error;
    }
  }

  private async use(connection: RedisConnection): Promise<void> {
    await this.settings.prepare(connection);
    if (this.state.status === 'closed') return connection.close();
    this.attempts = 0;
    this.become({ status: 'ready', connection });
  }

  private async reasons(connection: RedisConnection): Promise<string[]> {
    const facts = await askServer(connection);
    for (const message of warningsAbout(facts, this.settings.maxBytes)) this.warn(message);
    const { vouchedFor } = this.settings;
    const taken = takenOnTrust(facts, vouchedFor);
    if (taken.length > 0)
      this.warn(`Redis does not say this of itself, its operator vouches for it: ${taken.join(', ')}`);
    return reasonsAgainst(facts, vouchedFor);
  }

  private onLost(connection: RedisConnection | null, reason: string): void {
    const isOurs = 'connection' in this.state && this.state.connection === connection;
    if (isOurs) this.retreat(`Redis cannot be asked: ${reason}`);
  }

  private async giveUp(connection: RedisConnection, reason: string): Promise<void> {
    this.retreat(`Redis cannot be asked: ${reason}`);
    await connection.close();
  }

  private retreat(reason: string): void {
    if (this.state.status === 'closed') return;
    this.become({ status: 'away', reason });
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.attempts, LONGEST_PAUSE_MS);
    this.schedule(pause * (0.5 + Math.random() / 2), () => this.connect());
  }

  private become(state: LinkState): void {
    this.state = state;
    if (state.status === 'ready') this.notice('info', 'Redis is connected and safe to use');
    if (state.status === 'away') this.notice('warning', state.reason);
    if (state.status === 'unsafe') this.notice('warning', new EphemeralStoreUnsafe(state.reasons).message);
    if (state.status !== 'away') for (const go of [...this.waiting]) go();
  }

  private checkLater(connection: RedisConnection): void {
    const isInUse = 'connection' in this.state && this.state.connection === connection;
    const { checkMs } = this.settings;
    const inMs = this.state.status === 'unsafe' ? Math.min(checkMs, UNSAFE_CHECK_MS) : checkMs;
    if (isInUse) this.schedule(inMs, () => this.check());
  }

  /** One timer for whatever is next; none once closed. */
  private schedule(milliseconds: number, next: () => Promise<unknown>): void {
    clearTimeout(this.timer);
    if (this.state.status === 'closed') return;
    this.timer = setTimeout(() => void next(), milliseconds);
    this.timer.unref();
  }

  /** A state is said when it is another than before. */
  private notice(level: RedisNotice['level'], message: string): void {
    if (message === this.noticed) return;
    this.noticed = message;
    this.settings.onNotice({ level, message });
  }

  /** A warning is said once. */
  private warn(message: string): void {
    if (this.warned.has(message)) return;
    this.warned.add(message);
    this.settings.onNotice({ level: 'warning', message });
  }
}
