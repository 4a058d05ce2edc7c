import { EventStoreUnavailable } from '../../event-store.ts';

/** What a failed call comes to. */
export interface Fault {
  readonly reason: string;
  /** Trying again at once is of no use. */
  readonly isLasting: boolean;
  /** The node is well and has answered: another client would hear the same. */
  readonly isAnswer: boolean;
}

/** Our own limit has passed, or the client was given up while the call was under way: the outcome is unknown. */
export class GaveUp extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'GaveUp';
  }
}

/** Nobody that leads could be found, or the one that was found does not answer. */
export class NoLeader extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.reason);
    this.name = 'NoLeader';
    this.fault = fault;
  }
}

/** Node's and OpenSSL's words for what is wrong with a certificate, and what an operator can do about it. */
const TLS_REASONS: readonly [RegExp, string][] = [
  [
    /unable to verify|self[- ]signed|unable to get (local )?issuer/i,
    'its certificate is not signed by a CA that is trusted here: check the CA file',
  ],
  [/certificate has expired/i, 'its certificate has expired: renew it'],
  [/certificate is not yet valid/i, 'its certificate is not valid yet: check the clocks'],
  [
    /does not match certificate's altnames/i,
    'its certificate is for another name: it must have the names that the nodes advertise',
  ],
  [
    /wrong version number|packet length too long|EPROTO/i,
    'it does not speak TLS there: set tls=false, or give the server a certificate',
  ],
];

const INVALID_POSITION = /InvalidPosition/i;

/** The gRPC codes that matter here (https://grpc.io/docs/guides/status-codes/). */
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/**
 * The client's errors are of three kinds: its own classes (with `type`), gRPC's (with a number in `code`), and bare ones. Whatever is
 * not known to last is taken to pass: then the same events are tried again at the same revision, which does no harm.
 */
export function faultOf(error: unknown): Fault {
  if (error instanceof NoLeader) return error.fault;
  const { type, code, message = String(error) } = error as { type?: string; code?: unknown; message?: string };
  if (type === 'access-denied' || code === PERMISSION_DENIED || code === UNAUTHENTICATED) {
    const reason = 'EventStoreDB refuses the user: check the credentials file, and what that user may read and write';
    return { reason, isLasting: true, isAnswer: false }; // a fresh client reads the credentials anew
  }
  if (type === 'stream-deleted')
    return answered('a stream was deleted on the server: restore EventStoreDB from a backup');
  if (type === 'maximum-append-size-exceeded') {
    const { maxAppendSize } = error as { maxAppendSize?: number };
    return answered(
      `EventStoreDB takes only ${maxAppendSize} bytes in one append: set its MaxAppendSize to 1048576 or more`,
    );
  }
  if (INVALID_POSITION.test(message)) {
    return answered('EventStoreDB does not know this position: it came from another server, or from before a restore');
  }
  for (const [words, reason] of TLS_REASONS) {
    if (words.test(message)) return { reason: `EventStoreDB: ${reason}`, isLasting: true, isAnswer: false };
  }
  if (type === 'timeout') return { ...passing('EventStoreDB could not commit in time'), isAnswer: true };
  if (type === 'not-leader') {
    return passing(
      'the node of EventStoreDB that was asked does not lead: its address must name all nodes of a cluster',
    );
  }
  if (/server is not ready/i.test(message)) return passing('EventStoreDB is not ready yet');
  if (error instanceof GaveUp) return passing(error.message);
  return passing(`EventStoreDB does not answer as it should: ${oneLine(message)}`);
}

/** The server has no record that begins at the position that was asked for. */
export function isInvalidPosition(error: unknown): boolean {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return INVALID_POSITION.test(message ?? '') || INVALID_POSITION.test(cause?.message ?? '');
}

/** Words for an operator, with the cause kept. */
export function unavailable(error: unknown, outcome = ''): EventStoreUnavailable {
  if (error instanceof EventStoreUnavailable) return error;
  return new EventStoreUnavailable(faultOf(error).reason + outcome, { cause: error });
}

function answered(reason: string): Fault {
  return { reason, isLasting: true, isAnswer: true };
}

function passing(reason: string): Fault {
  return { reason, isLasting: false, isAnswer: false };
}

/** gRPC's messages name addresses and system errors, in as many lines as there were attempts. */
function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ').slice(0, 200);
}
