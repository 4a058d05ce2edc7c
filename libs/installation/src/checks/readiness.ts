import type { Settings } from '../settings/settings.ts';
import { hasRole } from '../roles.ts';
import { isEmbedded, type StoreName } from '../stores/store-urls.ts';
import type { OpenedStores } from '../stores/opened-stores.ts';

/** One part that must work for this process to do what it is there for. */
export interface ReadinessCheck {
  readonly part: string;
  /** Whether its reason may be told to everybody; otherwise the log alone has it, since it names paths. */
  readonly isTold: boolean;
  /** Rejects with a reason for operators. */
  check(): Promise<void>;
}

/** What /readyz asks: the parts that the roles of this process have, and no others. */
export class Readiness {
  readonly checks: readonly ReadinessCheck[];
  private readonly hosts: readonly string[];

  /** @param hosts of the configured stores: they are left out of what everybody is told */
  constructor(checks: readonly ReadinessCheck[], hosts: readonly string[] = []) {
    this.checks = checks;
    this.hosts = hosts;
  }

  /** A reason as anybody may read it: without addresses and paths of the machines behind. */
  publicWordsOf(reason: string): string {
    const withoutHosts = this.hosts.reduce((text, host) => text.replaceAll(host, '…'), reason);
    return withoutHosts
      .replace(/[a-z][a-z+]*:\/\/[^\s,;]+/gi, '…')
      .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?|\[[0-9a-f:.]*:[0-9a-f:.]*\](?::\d+)?/gi, '…')
      .replace(/(^|[\s("'`=:])\/[^\s"'`),;]+/g, '$1…');
  }
}

export function readinessOf(settings: Settings, stores: OpenedStores): Readiness {
  const { eventStore, persons, ephemeralStore, keyring, outbox, projections } = stores;
  const checks: ReadinessCheck[] = [{ part: 'event store', isTold: true, check: () => eventStore.checkWritable() }];
  if (persons !== null) {
    const isTold = !isEmbedded('personKeys', settings.personKeys);
    checks.push({ part: 'person directory', isTold, check: () => persons.checkWritable() });
  }
  // A gateway goes on sealing without it: only which epochs the portals hold is not known meanwhile.
  if (ephemeralStore !== null && hasRole(settings, 'portal')) {
    checks.push({ part: 'ephemeral store', isTold: true, check: () => ephemeralStore.checkWritable() });
  }
  const keys = async () => {
    if (hasRole(settings, 'portal')) void [keyring.cookieKeys(), keyring.sealingRecipient()];
    if (hasRole(settings, 'gateway')) void [keyring.sealingRecipient(), keyring.manifestSigner()];
    if (hasRole(settings, 'console')) void keyring.ledgerSigner();
  };
  checks.push({ part: 'keyring', isTold: false, check: keys });
  if (outbox !== null) checks.push({ part: 'outbox', isTold: false, check: () => outbox.checkWritable() });
  if (projections !== null) {
    const follow = async () => {
      const [stuck] = projections.status().filter(({ lastError }) => lastError !== null);
      if (stuck !== undefined) throw new Error(`${stuck.name} cannot follow the record: ${stuck.lastError ?? ''}`);
    };
    checks.push({ part: 'read models', isTold: false, check: follow });
  }
  return new Readiness(checks, hostsOf(settings));
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
