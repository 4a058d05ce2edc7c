import type { RedisNotice } from './redis-link.ts';
import type { VouchedFact } from './vouched-facts.ts';

export interface RedisEphemeralStoreOptions {
  /** Bound on everything held, in bytes, over all processes: give the same to each. */
  readonly maxBytes: number;
  /** 32 secret bytes each, newest first. Asked for at each use. Every process needs the newest of every other. */
  readonly key: () => readonly Uint8Array[];
  /** The password alone; a line break at its end is none of it. Read anew for each connection, as is the CA file. */
  readonly passwordFile?: string;
  /** PEM. For rediss:// with a CA of one's own; default: the system's. */
  readonly caFile?: string;
  /** Facts that a managed server does not say of itself and its operator vouches for. Default none. */
  readonly vouchedFor?: readonly VouchedFact[];
  /** For the log. Names no secret. */
  readonly onNotice?: (notice: RedisNotice) => void;
  /** Limit of one command, default 2000. A call takes one to three of them. */
  readonly commandMs?: number;
  /** Limit of making a connection, default 2000. */
  readonly connectMs?: number;
  /** How long `open` tries, default 10 000. */
  readonly openMs?: number;
  /** How often the server is asked again whether it is safe, default 30 000. */
  readonly checkMs?: number;
}
