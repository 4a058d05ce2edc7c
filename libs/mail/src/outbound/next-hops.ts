import { resolveMx as resolveMxByDns } from 'node:dns/promises';
import type { MxRecord } from 'node:dns';
import { RelayUnavailable } from './mail-relay.ts';
import type { RelayAddress, RelayTarget } from './relay-url.ts';

export type ResolveMx = (name: string) => Promise<readonly MxRecord[]>;

/** 60 s: a hop that could not be reached is asked after the others for so long, so that not each mail waits for it in vain. */
const REST_MS = 60_000;
/** 5 min: how long MX records are taken as they were found. */
const MX_KEPT_MS = 5 * 60_000;
/** 10 hosts of a name are tried at most: RFC 5321 §5.1 wants at least two. */
const MAX_MX_HOSTS = 10;

/**
 * The hosts that may be the next hop, in the order in which they are to be tried: as the operator wrote them, where a name stands for its
 * mail exchangers by their preference, equal ones in chance order (RFC 5321 §5.1), and what failed a moment ago last.
 */
export class NextHops {
  private readonly restsUntilMs = new Map<string, number>();
  private readonly found = new Map<string, { hosts: readonly string[]; atMs: number }>();

  private readonly targets: readonly RelayTarget[];
  private readonly resolveMx: ResolveMx;

  constructor(targets: readonly RelayTarget[], resolveMx: ResolveMx = resolveMxByDns) {
    this.targets = targets;
    this.resolveMx = resolveMx;
  }

  /** @throws RelayUnavailable where there is not one: no target but names whose records cannot be had */
  async inOrder(): Promise<RelayAddress[]> {
    const addresses: RelayAddress[] = [];
    let failure: RelayUnavailable | null = null;
    for (const { byMx, ...address } of this.targets) {
      try {
        const hosts = byMx ? await this.exchangersOf(address.host) : [address.host];
        addresses.push(...hosts.map((host) => ({ ...address, host })));
      } catch (error) {
        if (!(error instanceof RelayUnavailable)) throw error;
        failure ??= error;
      }
    }
    if (addresses.length === 0) throw failure ?? new RelayUnavailable('there is no next hop', 0);
    const nowMs = performance.now();
    const rests = (address: RelayAddress) => (this.restsUntilMs.get(placeOf(address)) ?? 0) > nowMs;
    return [...addresses.filter((address) => !rests(address)), ...addresses.filter(rests)];
  }

  reached(address: RelayAddress): void {
    this.restsUntilMs.delete(placeOf(address));
  }

  /** @returns whether it was thought to be well before */
  failed(address: RelayAddress): boolean {
    const wasWell = !this.restsUntilMs.has(placeOf(address));
    this.restsUntilMs.set(placeOf(address), performance.now() + REST_MS);
    return wasWell;
  }

  /** What was found before counts as long as nothing newer can be had: mail does not wait for a resolver. */
  private async exchangersOf(name: string): Promise<readonly string[]> {
    const before = this.found.get(name);
    if (before !== undefined && performance.now() - before.atMs < MX_KEPT_MS) return before.hosts;
    try {
      const hosts = await this.lookUp(name);
      this.found.set(name, { hosts, atMs: performance.now() });
      return hosts;
    } catch (error) {
      if (before !== undefined) return before.hosts;
      throw error;
    }
  }

  private async lookUp(name: string): Promise<readonly string[]> {
    let records: readonly MxRecord[];
    try {
      records = await this.resolveMx(name);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      if (code === 'ENODATA') return [name]; // no MX record: the name itself (RFC 5321 §5.1)
      throw new RelayUnavailable(`the mail exchangers of ${name} cannot be looked up (${code})`, 0, { cause });
    }
    // RFC 7505: a single "." says that the name takes no mail.
    const hosts = records.filter(({ exchange }) => exchange !== '' && exchange !== '.');
    if (hosts.length === 0) throw new RelayUnavailable(`${name} takes no mail, say its MX records`, 0);
    return hosts
      .map(({ exchange, priority }) => ({
        host: exchange.toLowerCase().replace(/\.$/, ''),
        priority,
        by: Math.random(),
      }))
      .sort((a, b) => a.priority - b.priority || a.by - b.by)
      .slice(0, MAX_MX_HOSTS)
      .map(({ host }) => host);
  }
}

/** What tells one hop from another. */
export function placeOf({ host, port }: RelayAddress): string {
  return `${host} ${port}`;
}
