import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { EphemeralStoreFull, EphemeralStoreUnavailable } from '../../ephemeral-store.ts';
import { passwordOf, tlsOf } from './redis-address.ts';
import type { RedisAddress } from './redis-address.ts';
import { SCRIPT_KEYS } from './scripts.ts';
import type { Script } from './scripts.ts';

export type RedisArgument = string | Buffer;

export interface ConnectionLimits {
  /** From the first packet until the server has let us in, in milliseconds. */
  readonly connectMs: number;
  /** For each command, from handing it over until its answer, in milliseconds. */
  readonly commandMs: number;
}

/** Commands that may be under way on one connection. Past it a call fails at once: memory for what waits is bounded too. */
const MAX_COMMANDS_UNDER_WAY = 10_000;
/** How long a connection that is being closed waits for answers. */
const CLOSE_MS = 1000;
const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/**
 * One connection, never repaired: what goes wrong with it ends it and everything under way on it, and a new one is made. Only
 * then is it known which commands can still be carried out, and a server that hangs is left in bounded time. Answers are Buffers,
 * numbers and arrays of them.
 */
export class RedisConnection {
  private readonly client: ReturnType<typeof createRawClient>;
  private readonly limits: ConnectionLimits;
  private readonly onLost: (reason: string) => void;
  private lostReason: string | null = null;

  private constructor(
    client: ReturnType<typeof createRawClient>,
    limits: ConnectionLimits,
    onLost: (reason: string) => void,
  ) {
    this.client = client;
    this.limits = limits;
    this.onLost = onLost;
    client.on('error', (error: unknown) => this.lose(wordsOf(error)));
    client.on('end', () => this.lose('the connection ended'));
  }

  /** @param onLost told once, with the reason, when it ends other than by close. @throws EphemeralStoreUnavailable */
  static async open(
    address: RedisAddress,
    limits: ConnectionLimits,
    onLost: (reason: string) => void,
  ): Promise<RedisConnection> {
    const [password, tls] = [await passwordOf(address), await tlsOf(address)];
    const client = createRawClient(address, limits, password, tls);
    const connection = new RedisConnection(client, limits, onLost);
    try {
      await within(limits.connectMs, client.connect(), () => new Error(`no answer within ${limits.connectMs} ms`));
      return connection;
    } catch (error) {
      connection.lostReason ??= 'it was never made'; // whoever asked for it is told here, and by nothing else
      client.destroy();
      if (error instanceof ErrorReply) throw refused(error);
      throw new EphemeralStoreUnavailable(`no connection to Redis: ${wordsOf(error)}`, { cause: error });
    }
  }

  /** @throws EphemeralStoreUnavailable, EphemeralStoreFull; NotAllowed where the server refuses the command to us */
  async command(args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await this.send(args);
    } catch (error) {
      throw error instanceof ErrorReply ? refused(error) : error;
    }
  }

  /** Runs a script by its digest, and by its source where the server does not know it (a new one, or SCRIPT FLUSH). */
  async run(script: Script, args: readonly RedisArgument[]): Promise<unknown> {
    const rest = [String(SCRIPT_KEYS.length), ...SCRIPT_KEYS, ...args];
    try {
      return await this.send(['EVALSHA', script.sha1, ...rest]);
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      if (!error.message.startsWith('NOSCRIPT')) throw refused(error);
      return this.command(['EVAL', script.source, ...rest]);
    }
  }

  /** Ends it without telling onLost. What is under way is waited for a moment. */
  async close(): Promise<void> {
    if (this.lostReason !== null) return;
    this.lostReason = 'the connection was closed';
    const closed = this.client.close();
    await within(CLOSE_MS, closed, () => new Error('late')).catch(() => this.client.destroy());
  }

  private async send(args: readonly RedisArgument[]): Promise<unknown> {
    if (this.lostReason !== null) throw new EphemeralStoreUnavailable(`Redis cannot be asked: ${this.lostReason}`);
    const { commandMs } = this.limits;
    try {
      return await within(commandMs, this.client.sendCommand(args as RedisArgument[], AS_BYTES), () => {
        this.lose(`no answer within ${commandMs} ms`);
        return new Error(`no answer within ${commandMs} ms`);
      });
    } catch (error) {
      // Demoted while this connection lived: the address may lead to a healthy server by now.
      if (error instanceof ErrorReply && error.message.startsWith('READONLY')) this.lose('it has become a replica');
      if (error instanceof ErrorReply) throw error;
      throw new EphemeralStoreUnavailable(`Redis cannot be asked: ${this.lostReason ?? wordsOf(error)}`, {
        cause: error,
      });
    }
  }

  private lose(reason: string): void {
    if (this.lostReason !== null) return;
    this.lostReason = reason;
    this.client.destroy();
    this.onLost(reason);
  }
}

/** The server knows the command and does not let us use it, or does not know it: `CONFIG` where an ACL or a renaming forbids it. */
export class NotAllowed extends EphemeralStoreUnavailable {}

function createRawClient(
  address: RedisAddress,
  limits: ConnectionLimits,
  password: string | undefined,
  tls: Awaited<ReturnType<typeof tlsOf>>,
) {
  const { host, port, username, database } = address;
  const socket = { host, port, connectTimeout: limits.connectMs, reconnectStrategy: false as const };
  return createClient({
    RESP: 2,
    socket: tls === undefined ? socket : { ...tls, ...socket, tls: true as const },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: MAX_COMMANDS_UNDER_WAY,
    // Its own limit ends only what has not been sent yet, at the price of a signal for each command; `send` has one for all.
    commandOptions: { timeout: undefined as unknown as number }, // its types have no word for "none"
  });
}

async function within<T>(milliseconds: number, answer: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** By the first word of an error, which is its code in Redis. What stands after it may quote arguments: never passed on. */
function refused(error: ErrorReply): Error {
  const code = /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR';
  const options = { cause: error };
  switch (code) {
    case 'OOM':
      return new EphemeralStoreFull();
    case 'WRONGPASS':
    case 'NOAUTH':
      return new NotAllowed('Redis refuses the user or the password', options);
    case 'NOPERM':
      return new NotAllowed('Redis does not allow this user what the ephemeral store needs', options);
    case 'READONLY':
      return new EphemeralStoreUnavailable('Redis has become a replica', options);
    case 'LOADING':
      return new EphemeralStoreUnavailable('Redis is loading data', options);
    case 'BUSY':
      return new EphemeralStoreUnavailable('Redis is busy with a script', options);
    default: {
      if (/unknown command|WRONGPASS|without any password/i.test(error.message)) {
        return new NotAllowed('Redis does not know a command, or a password that it was given', options);
      }
      return new EphemeralStoreUnavailable(`Redis answers with an error (${code})`, options);
    }
  }
}

/** A reason without host, address or secret. */
function wordsOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) return wordsOf(error.errors[0]);
  return typeof message === 'string' && message !== '' && !/[\d.]{7}|:\/\//.test(message) ? message : 'it failed';
}
