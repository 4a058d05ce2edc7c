import { Unprintable } from '#libs/vocabulary';
import { faultOf, GaveUp, NoLeader } from './faults.ts';
import { NodeClient } from './node-client.ts';
import type { Member } from './node-client.ts';
import { readSecrets } from './settings.ts';
import type { ClusterUrl, Endpoint, SecretFiles, Secrets } from './settings.ts';

export interface EventStoreNotice {
  /** `lost` and `found` take turns: an outage is told once, however often it is met. */
  readonly kind: 'found' | 'lost' | 'silent-subscription' | 'foreign-event';
  /** For an operator: names nodes and reasons, never credentials nor what events say. */
  readonly message: string;
}

/** A node that does not say within this time how the cluster stands is passed over. */
const GOSSIP_LIMIT_MS = 1000;

/**
 * Finds the node that leads, and keeps one client to it for the whole process. Whoever meets trouble gives that client up; the next
 * call looks again. A leader is believed only when it says so itself: one that is frozen is still praised by the others for seconds.
 */
export class Cluster extends Unprintable {
  private readonly url: ClusterUrl;
  private readonly files: SecretFiles;
  private readonly notify: (notice: EventStoreNotice) => void;
  private secrets: Secrets;
  private current: NodeClient | null = null;
  private looking: Promise<NodeClient> | null = null;
  /** Every node that a leader has named. */
  private known: readonly Endpoint[];
  private isClosed = false;
  /** Null until the server has been heard of or missed for the first time. */
  private isLost: boolean | null = null;

  constructor(url: ClusterUrl, files: SecretFiles, secrets: Secrets, notify: (notice: EventStoreNotice) => void) {
    super();
    this.url = url;
    this.files = files;
    this.secrets = secrets;
    this.notify = notify;
    this.known = url.seeds;
  }

  /** The client to the leader; one look for it serves all who wait. @throws NoLeader after one look in vain */
  async leader(): Promise<NodeClient> {
    if (this.current !== null) return this.current;
    this.looking ??= this.look()
      .catch((error: unknown) => {
        this.lost(faultOf(error).reason);
        throw error;
      })
      .finally(() => (this.looking = null));
    return this.looking;
  }

  /** The next call gets a fresh client. What is under way on this one ends with GaveUp. */
  giveUp(client: NodeClient, cause: unknown): void {
    if (this.current !== client) return;
    this.current = null;
    const reason = `the connection to EventStoreDB at ${client.where} was given up: ${faultOf(cause).reason}`;
    client.giveUp(new GaveUp(reason, { cause }));
    this.lost(reason);
  }

  /** Call when it has answered: only then is it known to be there. */
  answered(client: NodeClient): void {
    if (this.isLost === false) return;
    this.isLost = false;
    this.notify({ kind: 'found', message: `EventStoreDB answers at ${client.where}` });
  }

  close(reason: GaveUp): void {
    this.isClosed = true;
    this.current?.giveUp(reason);
    this.current = null;
  }

  private async look(): Promise<NodeClient> {
    try {
      this.secrets = await readSecrets(this.files, this.url);
    } catch {
      // What was read before may still be good: when it is not, the server says so.
    }
    const client = await (this.url.isCluster ? this.lookAround() : this.client(this.url.seeds[0] as Endpoint));
    if (this.isClosed) client.giveUp(new GaveUp('the event store is closed'));
    this.current = client;
    return client;
  }

  private client(endpoint: Endpoint): NodeClient {
    return new NodeClient(endpoint, this.url.isTls, this.secrets);
  }

  /** Asks all nodes at once who leads; the first to say that it does itself is the one. */
  private async lookAround(): Promise<NodeClient> {
    const clients = new Map<string, NodeClient>();
    const errors: unknown[] = [];
    let members: readonly Member[] = [];
    const ask = async (endpoint: Endpoint): Promise<NodeClient> => {
      const where = whereIs(endpoint);
      const known = clients.get(where);
      if (known !== undefined) throw new NotThisOne();
      const client = this.client(endpoint);
      clients.set(where, client);
      const answer = await client.members(GOSSIP_LIMIT_MS).catch((error: unknown) => {
        errors.push(error);
        throw error;
      });
      members = answer;
      if (answer.some((member) => member.isLeader && whereIs(member) === where)) return client;
      // The seeds may be other names of the same nodes, or one name for all: whom they name is asked by the name they give.
      return Promise.any(answer.filter(({ isLeader }) => isLeader).map(ask));
    };
    let leader: NodeClient | null = null;
    try {
      leader = await Promise.any(uniqueEndpoints([...this.url.seeds, ...this.known]).map(ask));
      this.known = members;
      return leader;
    } catch {
      const [error] = errors;
      const lasting = errors.map(faultOf).find(({ isLasting }) => isLasting);
      if (lasting !== undefined) throw new NoLeader(lasting);
      const reason =
        errors.length === clients.size && error !== undefined
          ? `none of ${clients.size} nodes of EventStoreDB answers: ${faultOf(error).reason}`
          : 'EventStoreDB has no leader now';
      throw new NoLeader({ reason, isLasting: false, isAnswer: false });
    } finally {
      const done = new GaveUp('asked and no longer needed');
      for (const client of clients.values()) if (client !== leader) client.giveUp(done);
    }
  }

  private lost(message: string): void {
    if (this.isLost === true || this.isClosed) return;
    this.isLost = true;
    this.notify({ kind: 'lost', message });
  }
}

/** Is being asked already. */
class NotThisOne extends Error {}

function whereIs({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function uniqueEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return [...new Map(endpoints.map((endpoint) => [whereIs(endpoint), endpoint])).values()];
}
