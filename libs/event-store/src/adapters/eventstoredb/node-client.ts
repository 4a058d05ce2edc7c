import { inspect } from 'node:util';
import { EventStoreDBClient } from '@eventstore/db-client';
import { GossipClient } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { GaveUp } from './faults.ts';
import type { Credentials, Endpoint, Secrets } from './settings.ts';

/** A node as another node sees it. */
export interface Member extends Endpoint {
  readonly isLeader: boolean;
  /** Leads or follows: neither starting, nor catching up. */
  readonly isInService: boolean;
}

/** Smallest interval that the client takes without a remark. */
const KEEP_ALIVE_MS = 10_000;
let clientsMade = 0;

/**
 * The vendor's client, bound to one node. It never looks for other nodes itself: its own discovery asks them one after the other with
 * limits of whole seconds, hides what went wrong, and rejects promises that nobody waits for.
 */
export class NodeClient extends EventStoreDBClient {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  private readonly giveUpController = new AbortController();

  constructor(endpoint: Endpoint, isTls: boolean, { credentials, ca }: Secrets) {
    clientsMade++;
    dialItself(endpoint);
    super(
      {
        endpoint,
        connectionName: `segl-${process.pid}-${clientsMade}`,
        // gRPC shares a connection between channels of equal settings: a fresh client must not inherit the dead one of its predecessor.
        keepAliveInterval: KEEP_ALIVE_MS + (clientsMade % 1000),
        keepAliveTimeout: KEEP_ALIVE_MS,
        throwOnAppendFailure: true,
      },
      { insecure: !isTls, ...(ca === null ? {} : { rootCertificate: ca }) },
    );
    this.endpoint = endpoint;
    this.credentials = credentials;
  }

  /** Holds credentials: shown by its address only, as Unprintable does. */
  toJSON(): string {
    return `[EventStoreDB at ${this.where}]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }

  /** Aborts when this client is given up: its calls then end with `reason`, which is a GaveUp. */
  get givenUp(): AbortSignal {
    return this.giveUpController.signal;
  }

  /** The cluster as this node sees it. */
  async members(limitMs: number): Promise<readonly Member[]> {
    const asked = this.execute(GossipClient, 'gossip', (client) => {
      const [metadata, options] = this.callArguments({ deadline: limitMs, credentials: this.credentials });
      return new Promise<readonly Member[]>((resolve, reject) => {
        client.read(new shared.Empty(), metadata, options, (error, info) => {
          if (error !== null) return reject(error);
          resolve(info.getMembersList().flatMap(memberOf));
        });
      });
    });
    return this.within(limitMs, asked);
  }

  /**
   * The answer, or a rejection when the limit passes or the client is given up. The vendor's deadlines do not hold against a node that
   * takes the connection and says nothing.
   *
   * @throws GaveUp, and what the call throws
   */
  within<Answer>(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const { signal } = this.giveUpController;
      const giveUp = (): void => settle(() => reject(signal.reason as GaveUp));
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        how();
      };
      const timer = setTimeout(
        () => settle(() => reject(new GaveUp(`EventStoreDB at ${this.where} gave no answer in ${limitMs / 1000} s`))),
        limitMs,
      );
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
      answer.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error as Error)),
      );
    });
  }

  get where(): string {
    return `${this.endpoint.address}:${this.endpoint.port}`;
  }

  /** Ends every call and closes the connection. Never waits for the node. May be called twice. */
  giveUp(reason: GaveUp): void {
    if (this.giveUpController.signal.aborted) return;
    this.giveUpController.abort(reason);
    this.dispose().catch(() => undefined);
    this.getChannel().then(
      (channel) => channel.close(),
      () => undefined,
    );
  }
}

/**
 * gRPC goes through a proxy that `https_proxy` or `http_proxy` names, which machines and pods of closed networks are given for the way out. The
 * record lies within: it is dialled itself, unless `grpc_proxy` asks for a way of its own. The vendor's client takes no such option.
 */
function dialItself({ address }: Endpoint): void {
  const { grpc_proxy: wanted = '', no_grpc_proxy: exceptions } = process.env;
  if (wanted !== '') return;
  const hosts = new Set((exceptions ?? process.env['no_proxy'] ?? '').split(',').filter((host) => host !== ''));
  process.env['no_grpc_proxy'] = [...hosts.add(address.replace(/^\[|\]$/g, ''))].join(',');
}

function memberOf(member: InstanceType<typeof gossip.MemberInfo>): Member[] {
  const endpoint = member.getHttpEndPoint();
  if (endpoint === undefined || !member.getIsAlive()) return [];
  const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState;
  const state = member.getState();
  const isLeader = state === LEADER;
  return [
    {
      address: endpoint.getAddress(),
      port: endpoint.getPort(),
      isLeader,
      isInService: isLeader || state === FOLLOWER,
    },
  ];
}
