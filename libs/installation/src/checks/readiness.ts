import type { Upstream } from '#libs/oidc-bridge';
import { checksFor, leavesReady } from './checks.ts';
import type { CheckedParts } from './check.ts';
import type { Settings } from '../settings/settings.ts';
import { isEmbedded } from '../stores/store-urls.ts';
import type { StoreName } from '../stores/store-urls.ts';
import type { OpenedStores } from '../stores/opened-stores.ts';

/** One part that must work for this process to do what it is there for. */
export interface ReadinessCheck {
  readonly part: string;
  /** Whether its reason may be told to everybody; otherwise the log alone has it, since it names paths. */
  readonly isTold: boolean;
  /** What is not well is said, and the process is ready all the same. */
  readonly onlyWarns?: boolean;
  /** Rejects with a reason for operators. */
  check(): Promise<void>;
}

export interface PartState {
  /** For operators; null when it is well. */
  readonly reason: string | null;
  readonly onlyWarns: boolean;
}

export interface ReadinessAnswer {
  readonly isReady: boolean;
  /** As anybody may read it: a line for each part that is not well, `warning: ` before it where it does not matter for being ready. */
  readonly text: string;
  /** For the log, with everything; empty when ready. */
  readonly reasons: string;
  /** For the log and for figures: every part that was asked. */
  readonly parts: ReadonlyMap<string, PartState>;
}

interface Asked {
  readonly startedAt: number;
  isOver: boolean;
  readonly answer: Promise<ReadinessAnswer>;
}

/** 1 s: checks write and sync, and whoever watches asks every few seconds. */
const ANSWER_MILLISECONDS = 1000;
/** Seconds that a part has to say whether it is well. */
const CHECK_SECONDS = 3;

/** What /readyz asks: the parts that the roles of this process have, and no others. */
export class Readiness {
  private latest: Asked | null = null;

  /** @param hosts of the configured stores: they are left out of what everybody is told */
  constructor(
    readonly checks: readonly ReadinessCheck[],
    private readonly hosts: readonly string[] = [],
  ) {}

  /** The parts are asked once at a time and once a second, however many ask here. `ageSeconds`: since they were. */
  async ask(): Promise<ReadinessAnswer & { readonly ageSeconds: number }> {
    const latest = this.latest !== null && isFresh(this.latest) ? this.latest : (this.latest = this.begin());
    const answer = await latest.answer;
    return { ...answer, ageSeconds: (performance.now() - latest.startedAt) / 1000 };
  }

  private begin(): Asked {
    const answer = this.askParts().finally(() => (asked.isOver = true));
    const asked: Asked = { startedAt: performance.now(), isOver: false, answer };
    return asked;
  }

  private async askParts(): Promise<ReadinessAnswer> {
    const answers = await Promise.all(this.checks.map(reasonOf));
    const found = answers.filter((fault) => fault !== null);
    const faults = found.filter(({ check }) => check.onlyWarns !== true);
    const warnings = found.filter(({ check }) => check.onlyWarns === true);
    const lines = [
      ...(faults.length === 0 ? ['ready'] : faults.map((fault) => this.publicLineOf(fault))),
      ...warnings.map((fault) => `warning: ${this.publicLineOf(fault)}`),
    ];
    return {
      isReady: faults.length === 0,
      text: lines.map((line) => `${line}\n`).join(''),
      reasons: faults.map(({ check: { part }, reason }) => `${part}: ${reason}`).join('; '),
      parts: new Map(
        this.checks.map(({ part, onlyWarns = false }, at) => [
          part,
          { reason: answers[at]?.reason ?? null, onlyWarns },
        ]),
      ),
    };
  }

  /** What names paths (embedded person directory, keyring) is for the log alone. */
  private publicLineOf({ check: { part, isTold }, reason }: PartFault): string {
    return `${part}: ${isTold ? this.publicWordsOf(reason) : 'cannot be used; the log says why'}`;
  }

  /** A reason as anybody may read it: without addresses and paths of the machines behind. */
  private publicWordsOf(reason: string): string {
    const withoutHosts = this.hosts.reduce((text, host) => text.replaceAll(host, '…'), reason);
    return withoutHosts
      .replace(/[a-z][a-z+]*:\/\/[^\s,;]+/gi, '…')
      .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?|\[[0-9a-f:.]*:[0-9a-f:.]*\](?::\d+)?/gi, '…')
      .replace(/(^|[\s("'`=:])\/[^\s"'`),;]+/g, '$1…');
  }
}

function isFresh({ startedAt, isOver }: Asked): boolean {
  return !isOver || performance.now() - startedAt < ANSWER_MILLISECONDS;
}

interface PartFault {
  readonly check: ReadinessCheck;
  readonly reason: string;
}

async function reasonOf(check: ReadinessCheck): Promise<PartFault | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_SECONDS} s`)), CHECK_SECONDS * 1000);
  });
  try {
    await Promise.race([check.check(), late]);
    return null;
  } catch (error) {
    return { check, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The table's checks (checks.ts) over what this process has open, and the providers that it asks. */
export function readinessOf(
  settings: Settings,
  stores: OpenedStores,
  providers: readonly Upstream[] = [],
  isListeningForMail = () => false,
): Readiness {
  const parts: CheckedParts = {
    settings,
    keyring: async () => stores.keyring,
    eventStore: async () => stores.eventStore,
    persons: async () => stores.persons,
    ephemeralStore: async () => opened(stores.ephemeralStore),
    outbox: async () => opened(stores.outbox),
    projections: async () => stores.projections,
    providers: async () => providers,
    trail: async () => stores.readModels?.db ?? null,
    ledger: async () => opened(stores.ledger),
    retention: async () => opened(stores.retention),
    policyFaults: async () => opened(stores.policy).faults,
    webhookTroubles: async () => stores.webhooks?.troubles() ?? [],
    isListeningForMail,
  };
  const checks = checksFor('readiness', settings).map((check): ReadinessCheck => ({
    part: check.part,
    isTold: check.isTold(settings),
    onlyWarns: leavesReady(check, settings),
    check: async () => void (await check.run(parts)),
  }));
  return new Readiness(checks, [...hostsOf(settings), ...hostsOfProviders(settings)]);
}

/** Which parts a role opens and which checks concern it is read from one table (roles.ts). */
function opened<Part>(part: Part | null): Part {
  if (part === null) throw new Error('this process has no such part open');
  return part;
}

function hostsOf(settings: Settings): string[] {
  return (['eventStore', 'ephemeralStore', 'personKeys'] satisfies StoreName[]).flatMap((name) => {
    if (isEmbedded(name, settings[name])) return [];
    const authority = /^[^:]*:\/\/([^/?#]*)/.exec(settings[name])?.[1] ?? '';
    const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
    return hosts
      .flatMap((host) => [host, host.replace(/:\d+$/, '')])
      .filter((host) => host !== '' && host !== 'localhost');
  });
}

/** As the configuration names them; where their metadata lead besides is what they tell everybody. */
function hostsOfProviders({ signIn }: Settings): string[] {
  const { microsoft, google, organisation, otherIssuer } = signIn;
  const own = [...organisation, ...(otherIssuer === undefined ? [] : [otherIssuer])];
  const urls = [...microsoft.map(({ authority }) => authority), ...[...google, ...own].map(({ issuer }) => issuer)];
  const hosts = urls.flatMap((url) => (url === undefined ? [] : [new URL(url).host]));
  return [...hosts, ...own.flatMap((provider) => provider.hosts)].flatMap((host) => [host, host.replace(/:\d+$/, '')]);
}
