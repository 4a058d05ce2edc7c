// Loaded in the writer's thread too: no imports by #libs, nothing that type stripping cannot erase.
import type { AppendRequest, WriteReply, WriteRequest } from './append-group.ts';

/**
 * Appends as they cross to the writer's thread, a list for each member: V8 reads a list of strings in a tenth of the time that an object
 * for each request takes, whose names it looks up one by one.
 */
export interface PackedAppends {
  readonly kind: 'appends';
  readonly seqs: readonly number[];
  readonly streams: readonly string[];
  readonly expected: readonly number[];
  /** How many of `texts` belong to each. */
  readonly counts: readonly number[];
  readonly texts: readonly string[];
}
export type PackedRequest = PackedAppends | Exclude<WriteRequest, AppendRequest>;

export interface PackedReplies {
  /** Sequence number, revision and position of each append that was taken. */
  readonly appended: Float64Array;
  readonly others: readonly WriteReply[];
}

/** In the order in which they were made: appends that follow each other are one. */
export function packRequests(requests: readonly WriteRequest[]): PackedRequest[] {
  const packed: PackedRequest[] = [];
  for (let from = 0; from < requests.length;) {
    const request = requests[from] as WriteRequest;
    if (request.kind !== 'append') {
      packed.push(request);
      from++;
      continue;
    }
    const until = requests.findIndex(({ kind }, index) => index > from && kind !== 'append');
    const appends = requests.slice(from, until === -1 ? requests.length : until) as AppendRequest[];
    packed.push(packAppends(appends));
    from += appends.length;
  }
  return packed;
}

function packAppends(appends: readonly AppendRequest[]): PackedAppends {
  return {
    kind: 'appends',
    seqs: appends.map(({ seq }) => seq),
    streams: appends.map(({ stream }) => stream),
    expected: appends.map(({ expected }) => expected),
    counts: appends.map(({ texts }) => texts.length),
    texts: appends.flatMap(({ texts }) => texts),
  };
}

export function unpackRequests(packed: readonly PackedRequest[]): WriteRequest[] {
  return packed.flatMap((request): WriteRequest[] => (request.kind === 'appends' ? unpackAppends(request) : [request]));
}

function unpackAppends({ seqs, streams, expected, counts, texts }: PackedAppends): AppendRequest[] {
  let from = 0;
  return seqs.map((seq, index) => {
    const until = from + (counts[index] as number);
    const own = texts.slice(from, until);
    from = until;
    return { kind: 'append', seq, stream: streams[index] as string, expected: expected[index] as number, texts: own };
  });
}

export function packReplies(replies: readonly WriteReply[]): PackedReplies {
  const appended: number[] = [];
  const others: WriteReply[] = [];
  for (const reply of replies) {
    if (reply.kind === 'appended') appended.push(reply.seq, reply.revision, reply.position);
    else others.push(reply);
  }
  return { appended: Float64Array.from(appended), others };
}

export function unpackReplies({ appended, others }: PackedReplies): WriteReply[] {
  const replies: WriteReply[] = [];
  for (let at = 0; at < appended.length; at += 3) {
    const [seq, revision, position] = appended.subarray(at, at + 3) as unknown as [number, number, number];
    replies.push({ seq, kind: 'appended', revision, position });
  }
  return replies.concat(others);
}
