import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { GaveUp } from '../../adapters/eventstoredb/faults.ts';
import { NodeClient } from '../../adapters/eventstoredb/node-client.ts';
import type { Member } from '../../adapters/eventstoredb/node-client.ts';

/** How a node is taken away. `stop` ends it as an operator does, `freeze` leaves it standing with everything open. */
export type Blow = 'kill' | 'stop' | 'freeze';

const RESTART_MS = 500;

/** One node of a real server, started and struck here. */
export class Node {
  readonly where: string;
  private readonly command: string;
  private process: ChildProcess | null = null;
  private isWanted = false;

  private readonly isSupervised: boolean;

  /**
   * @param definition  `host:port=command`, the command becoming the server itself (exec)
   * @param isSupervised  starts it again when it ends itself
   */
  constructor(definition: string, isSupervised: boolean) {
    this.isSupervised = isSupervised;
    const [where = '', command = ''] = definition.split(/=(.*)/s);
    if (!/^[\w.]+:\d+$/.test(where) || command === '') throw new Error(`not host:port=command: ${definition}`);
    this.where = where;
    this.command = command;
  }

  /** As under a supervisor: a node that ends itself is started again, which EventStoreDB counts on when it must cut its log. */
  start(): void {
    this.isWanted = true;
    const process = spawn(this.command, { stdio: 'ignore' });
    this.process = process;
    process.once('exit', () => {
      if (!this.isSupervised) return;
      if (this.isWanted && this.process === process) setTimeout(() => this.isWanted && this.start(), RESTART_MS);
    });
  }

  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /** Resolves when the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.isWanted = false;
    const running = this.process;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  }

  /** The cluster as this node sees it; null while it does not say. */
  async members(): Promise<readonly Member[] | null> {
    const [address = '', port = ''] = this.where.split(':');
    const secrets = { credentials: { username: 'none', password: 'none' }, ca: null };
    const client = new NodeClient({ address, port: Number(port) }, false, secrets);
    try {
      return await client.members(1000);
    } catch {
      return null;
    } finally {
      client.giveUp(new GaveUp('asked'));
    }
  }
}

/** The node that leads once all of them see the same one and no other is missing. */
export async function leaderWhenWhole(nodes: readonly Node[]): Promise<Node> {
  for (const giveUpAt = Date.now() + 120_000; Date.now() < giveUpAt; await sleep(250)) {
    const views = await Promise.all(nodes.map((node) => node.members()));
    const leaders = views.map((members) => {
      const serving = members?.filter(({ isInService }) => isInService);
      return serving?.length === nodes.length ? serving.find(({ isLeader }) => isLeader) : undefined;
    });
    const [first] = leaders;
    if (first === undefined || leaders.some((leader) => leader?.port !== first.port)) continue;
    const leader = nodes.find(({ where }) => where.endsWith(`:${first.port}`));
    if (leader !== undefined) return leader;
  }
  throw new Error('the nodes did not come together in two minutes');
}

/** Takes the node away and gives it back. */
export async function strike(node: Node, blow: Blow, awayMs: number): Promise<void> {
  if (blow === 'freeze') {
    node.freeze();
    await sleep(awayMs);
    node.thaw();
    return;
  }
  await node.end(blow === 'kill' ? 'SIGKILL' : 'SIGTERM');
  await sleep(awayMs);
  node.start();
}
