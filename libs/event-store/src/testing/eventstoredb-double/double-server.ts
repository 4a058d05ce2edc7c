import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { DoubleLog } from './double-log.ts';
import type { AppendOutcome, Proposed, StoredEvent } from './double-log.ts';

type ReadReq = InstanceType<typeof streams.ReadReq>;
type ReadResp = InstanceType<typeof streams.ReadResp>;
type AppendReq = InstanceType<typeof streams.AppendReq>;
type AppendResp = InstanceType<typeof streams.AppendResp>;
type ReadCall = ServerWritableStream<ReadReq, ReadResp>;
type AppendCall = ServerDuplexStream<AppendReq, AppendResp>;

/** What the double does with the next append instead of answering as it should. */
export type AppendMischief =
  /** Writes, and never says so. */
  | { readonly kind: 'write-and-be-silent' }
  /** Writes nothing, says nothing. */
  | { readonly kind: 'be-silent' }
  /** Writes at once, and says so when `until` resolves. */
  | { readonly kind: 'answer-late'; readonly until: Promise<unknown> }
  | { readonly kind: 'answer-twice' }
  | { readonly kind: 'not-leader'; readonly leader: { readonly host: string; readonly port: number } }
  | { readonly kind: 'fail'; readonly code: number; readonly words: string };

export interface DoubleOptions {
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** `user:password`; anyone else is refused. */
  readonly credentials?: string;
  readonly log?: DoubleLog;
  /** Of the members that gossip names; default: this one alone, leading. */
  readonly members?: () => readonly { readonly port: number; readonly isLeader: boolean; readonly isAlive?: boolean }[];
}

/**
 * Speaks the protocol of EventStoreDB as far as the adapter does, from the client's own generated stubs, and misbehaves on demand. It
 * proves nothing about a server's semantics: those were seen on a real one (README).
 */
export class EventStoreDbDouble {
  readonly log: DoubleLog;
  readonly port: number;
  readonly mischief: AppendMischief[] = [];
  /** Appends that came, answered or not. */
  appendsSeen = 0;
  /** Reads and subscriptions that are open now. */
  readonly openReads = new Set<ReadCall>();
  /** Subscriptions begin, and then deliver nothing. */
  areSubscriptionsSilent = false;
  /** Reads are taken, and never answered. */
  areReadsSilent = false;
  private readonly server: Server;
  private readonly options: DoubleOptions;

  private constructor(server: Server, port: number, options: DoubleOptions, log: DoubleLog) {
    this.server = server;
    this.port = port;
    this.options = options;
    this.log = log;
  }

  static async start(options: DoubleOptions = {}, port = 0): Promise<EventStoreDbDouble> {
    const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    let double: EventStoreDbDouble | null = null;
    const running = (): EventStoreDbDouble => double as EventStoreDbDouble;
    // Declared as a stream both ways: the wire is the same, and so it can answer a call twice, or not at all.
    server.addService({ ...StreamsService, append: { ...StreamsService.append, responseStream: true } } as never, {
      read: (call: ReadCall) => running().read(call),
      append: (call: AppendCall) => running().append(call),
    });
    server.addService(GossipService as never, {
      read: (_: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => answer(null, running().members()),
    });
    const { tls } = options;
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }]);
    const bound = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, actual) => (error ? reject(error) : resolve(actual))),
    );
    double = new EventStoreDbDouble(server, bound, options, options.log ?? new DoubleLog());
    return double;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=${this.options.tls !== undefined}`;
  }

  /** Ends all reads and subscriptions as if everything had been said. */
  endReads(): void {
    for (const call of this.openReads) call.end();
  }

  /** At once, whatever is under way. */
  stop(): Promise<void> {
    this.server.forceShutdown();
    return Promise.resolve();
  }

  private isRefused(call: AppendCall | ReadCall): boolean {
    const { credentials } = this.options;
    if (credentials === undefined) return false;
    const [given] = call.metadata.get('authorization');
    if (given === `Basic ${Buffer.from(credentials).toString('base64')}`) return false;
    fail(call, status.UNAUTHENTICATED, 'Unauthenticated');
    return true;
  }

  private append(call: AppendCall): void {
    this.appendsSeen++;
    if (this.isRefused(call)) return;
    let stream = '';
    let expected = -1n;
    const events: Proposed[] = [];
    call.on('data', (request: AppendReq) => {
      const options = request.getOptions();
      if (options !== undefined) {
        stream = Buffer.from(options.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
        expected = options.hasRevision() ? BigInt(options.getRevision()) : -1n;
        return;
      }
      const message = request.getProposedMessage();
      if (message === undefined) return;
      events.push({
        id: message.getId()?.getString() ?? '',
        type: message.getMetadataMap().get('type') ?? '',
        contentType: message.getMetadataMap().get('content-type') ?? '',
        data: message.getData_asU8(),
      });
    });
    call.on('error', () => undefined);
    call.on('end', () => void this.decide(call, stream, expected, events));
  }

  private async decide(call: AppendCall, stream: string, expected: bigint, events: readonly Proposed[]): Promise<void> {
    const mischief = this.mischief.shift();
    if (mischief?.kind === 'be-silent') return;
    if (mischief?.kind === 'fail') return fail(call, mischief.code, mischief.words);
    if (mischief?.kind === 'not-leader') {
      return fail(call, status.NOT_FOUND, 'Leader info available', {
        exception: 'not-leader',
        'leader-endpoint-host': mischief.leader.host,
        'leader-endpoint-port': String(mischief.leader.port),
      });
    }
    const outcome = this.log.append(stream, expected, events);
    if (mischief?.kind === 'write-and-be-silent') return;
    if (mischief?.kind === 'answer-late') await mischief.until;
    if (outcome.kind === 'too-large') {
      return fail(call, status.INVALID_ARGUMENT, 'Maximum Append Size exceeded', {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': String(outcome.limit),
      });
    }
    call.write(appendAnswer(outcome, expected));
    if (mischief?.kind === 'answer-twice') call.write(appendAnswer(outcome, expected));
    call.end();
  }

  private read(call: ReadCall): void {
    if (this.isRefused(call)) return;
    this.openReads.add(call);
    let stopFollowing: () => void = () => undefined;
    const over = (): void => {
      stopFollowing();
      this.openReads.delete(call);
    };
    call.on('cancelled', over);
    call.on('finish', over);
    call.on('error', over);
    const options = call.request.getOptions();
    if (options === undefined) return fail(call, status.INVALID_ARGUMENT, 'no options');
    if (options.hasSubscription()) {
      stopFollowing = this.subscribe(call, startOf(options));
      return;
    }
    if (this.areReadsSilent) return;
    const events = options.hasStream() ? this.streamPart(options) : allPart(this.log.all, options);
    if (typeof events === 'string') {
      const identifier = new shared.StreamIdentifier();
      identifier.setStreamName(Buffer.from(events));
      const notFound = new streams.ReadResp.StreamNotFound();
      notFound.setStreamIdentifier(identifier);
      call.write(new streams.ReadResp().setStreamNotFound(notFound));
    } else if (events === null) {
      return fail(call, status.UNKNOWN, 'Unexpected ReadAllResult: InvalidPosition');
    } else {
      void writeAll(call, events.slice(0, Number(options.getCount())));
      return;
    }
    call.end();
  }

  /** The name when there is no such stream. */
  private streamPart(options: NonNullable<ReturnType<ReadReq['getOptions']>>): readonly StoredEvent[] | string {
    const wanted = options.getStream();
    const name = Buffer.from(wanted?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
    const events = this.log.stream(name);
    if (events.length === 0) return name;
    if (options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS) {
      return (wanted?.hasRevision() === true ? events.slice(0, Number(wanted.getRevision()) + 1) : events).toReversed();
    }
    return wanted?.hasRevision() === true ? events.slice(Number(wanted.getRevision())) : events;
  }

  /** Delivers what is behind a place, says when that was all, then what comes. */
  private subscribe(call: ReadCall, after: bigint | null): () => void {
    const confirmation = new streams.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId(crypto.randomUUID());
    call.write(new streams.ReadResp().setConfirmation(confirmation));
    let next = after === null ? 0 : this.log.all.findIndex(({ place }) => place > after);
    if (next === -1) next = this.log.all.length;
    let isCaughtUp = false;
    let isWaiting = false;
    const deliver = (): void => {
      if (isWaiting || this.areSubscriptionsSilent) return;
      while (next < this.log.all.length) {
        if (!call.write(readAnswer(this.log.all[next++] as StoredEvent))) {
          isWaiting = true;
          call.once('drain', () => {
            isWaiting = false;
            deliver();
          });
          return;
        }
      }
      if (!isCaughtUp) call.write(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
      isCaughtUp = true;
    };
    deliver();
    return this.log.follow(deliver);
  }

  private members(): InstanceType<typeof gossip.ClusterInfo> {
    const members = this.options.members?.() ?? [{ port: this.port, isLeader: true }];
    const info = new gossip.ClusterInfo();
    info.setMembersList(
      members.map(({ port, isLeader, isAlive = true }) => {
        const endpoint = new gossip.EndPoint();
        endpoint.setAddress('127.0.0.1');
        endpoint.setPort(port);
        const member = new gossip.MemberInfo();
        const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState;
        member.setState(isLeader ? LEADER : FOLLOWER);
        member.setIsAlive(isAlive);
        member.setHttpEndPoint(endpoint);
        return member;
      }),
    );
    return info;
  }
}

function fail(call: AppendCall | ReadCall, code: number, details: string, entries: Record<string, string> = {}): void {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  call.emit('error', { code, details, metadata });
}

function appendAnswer(outcome: Exclude<AppendOutcome, { kind: 'too-large' }>, expected: bigint): AppendResp {
  const answer = new streams.AppendResp();
  if (outcome.kind === 'appended') {
    const position = new streams.AppendResp.Position();
    position.setCommitPosition(String(outcome.last.place));
    position.setPreparePosition(String(outcome.last.place));
    const success = new streams.AppendResp.Success();
    success.setCurrentRevision(String(outcome.last.revision));
    success.setPosition(position);
    return answer.setSuccess(success);
  }
  const conflict = new streams.AppendResp.WrongExpectedVersion();
  if (outcome.current === null) conflict.setCurrentNoStream(new shared.Empty());
  else conflict.setCurrentRevision(String(outcome.current));
  if (expected === -1n) conflict.setExpectedNoStream(new shared.Empty());
  else conflict.setExpectedRevision(String(expected));
  return answer.setWrongExpectedVersion(conflict);
}

function readAnswer(event: StoredEvent): ReadResp {
  const id = new shared.UUID();
  id.setString(event.id);
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(event.stream));
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(id);
  recorded.setStreamIdentifier(identifier);
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.place));
  recorded.setPreparePosition(String(event.place));
  recorded.getMetadataMap().set('type', event.type).set('content-type', event.contentType).set('created', '0');
  recorded.setData(event.data);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(event.place));
  return new streams.ReadResp().setEvent(read);
}

async function writeAll(call: ReadCall, events: readonly StoredEvent[]): Promise<void> {
  let onRoom: () => void = () => undefined;
  for (const name of ['drain', 'cancelled', 'close']) call.on(name, () => onRoom());
  for (const event of events) {
    if (call.cancelled) return;
    if (!call.write(readAnswer(event))) await new Promise<void>((resolve) => (onRoom = resolve));
  }
  call.end();
}

/** Forwards a place is read itself, backwards what is before it; null for a place that is no event's. */
function allPart(
  all: readonly StoredEvent[],
  options: NonNullable<ReturnType<ReadReq['getOptions']>>,
): readonly StoredEvent[] | null {
  const isForwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS;
  const from = startOf(options);
  if (from === null) return isForwards ? all : all.toReversed();
  const index = all.findIndex(({ place }) => place === from);
  if (index === -1) return null;
  return isForwards ? all.slice(index) : all.slice(0, index).toReversed();
}

function startOf(options: NonNullable<ReturnType<ReadReq['getOptions']>>): bigint | null {
  const position = options.getAll()?.getPosition();
  return position === undefined ? null : BigInt(position.getCommitPosition());
}
