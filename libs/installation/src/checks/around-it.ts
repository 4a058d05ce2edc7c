import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { LedgerTree } from '#libs/audit';
import { Keyring } from '#libs/keyring';
import { dkimRecord } from '#libs/mail';
import { DomainError, secondsBetween, SystemClock } from '#libs/vocabulary';
import type { Check } from './check.ts';
import { faultsOfMailRecords } from './mail-records.ts';
import type { MailDomain } from './mail-records.ts';
import { faultsOfFormerHost, faultsOfPublicAddress } from './public-address.ts';
import { faultsOfWebCertificate } from './web-certificate.ts';
import { hasRole, partsOf } from '../roles.ts';
import type { Settings } from '../settings/settings.ts';
import { needsDataDirectory } from '../stores/data-directory.ts';
import { dkimSelectorOf } from '../stores/dkim-keys.ts';

const never = () => false;
/** A day of events of a large portal, and room for a read model that is rebuilt. */
const MIN_FREE_BYTES = 1024 ** 3;
/** Codes, tokens and assertions are compared with others' clocks: more than a minute, and sign-in fails. */
const MAX_AHEAD_SECONDS = 60;

/** Something around Segl that it needs, or that its mail needs to arrive, is not as it should be. */
export class NotWellAround extends DomainError {
  constructor(readonly faults: readonly string[]) {
    super('not-well-around', faults.join('; '));
  }
}

/** What lies outside the process: the machine, the way that readers come, the names that receivers look up. */
export const CHECKS_AROUND_IT: readonly Check[] = [
  {
    part: 'disk',
    looksAt: 'the room that is left where the data directory is',
    failsWhen: 'less than 1 GiB is free',
    whatToDo: 'make room: where it runs out, nothing is recorded, and so nothing is shown or sealed',
    askers: ['readiness', 'doctor'],
    onlyWarns: true,
    concerns: needsDataDirectory,
    isTold: never,
    async run({ settings }) {
      const { bavail, bsize } = statfsSync(nearestDirectory(settings.dataDir));
      const freeBytes = bavail * bsize;
      if (freeBytes < MIN_FREE_BYTES) throw new NotWellAround([`${Math.floor(freeBytes / 1024 ** 2)} MiB free`]);
      return `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`;
    },
  },
  {
    part: 'clock',
    looksAt: 'that the newest event is not of a moment that is still to come',
    failsWhen: 'it is by more than a minute: this clock was set back, or another process has a wrong one',
    whatToDo: 'have every machine keep its time by NTP; what is recorded stays in its order all the same',
    askers: ['doctor'],
    onlyWarns: true,
    concerns: (settings) => partsOf(settings).has('readModels'),
    isTold: never,
    async run(parts) {
      // A fault of either is said by a check of its own.
      const store = await parts.eventStore().catch(() => null);
      const trail = await parts.trail().catch(() => null);
      if (store === null || trail === null) return 'not compared: there is no record, or nothing that follows it';
      const tree = new LedgerTree(trail);
      const position = tree.size === 0 ? null : tree.positionOf(tree.size - 1);
      const newest = position === null ? null : await store.eventAt(position);
      if (newest === null) return 'nothing is recorded yet';
      const ahead = secondsBetween(new SystemClock().now(), newest.time);
      if (ahead > MAX_AHEAD_SECONDS)
        throw new NotWellAround([`the newest event is of ${newest.time}, ${Math.round(ahead)} s from now`]);
      return 'not behind the record';
    },
  },
  {
    part: 'public address',
    looksAt:
      'the portal as readers reach it: TLS, until when its certificate is good, its headers, that /metrics and /readyz are not there, and that each of its older names leads to it',
    failsWhen:
      'nothing answers, something else does, the certificate ends within 14 days, or the proxy in between takes headers or an older name away',
    whatToDo: 'before the first start that is as it must be; else compare the proxy with ops/proxies',
    askers: ['doctor'],
    onlyAdvises: true,
    standsOn: ['publicUrl'],
    concerns: (settings) => hasRole(settings, 'portal') && !settings.demonstration,
    isTold: never,
    async run({ settings }) {
      const { publicUrl, formerHosts } = settings;
      const now = new SystemClock().now();
      const faults = [
        faultsOfPublicAddress(publicUrl),
        faultsOfWebCertificate(publicUrl, now),
        ...formerHosts.flatMap((host) => [
          faultsOfFormerHost(publicUrl, host),
          faultsOfWebCertificate(Object.assign(new URL(publicUrl), { hostname: host }).href, now),
        ]),
      ];
      const found = (await Promise.all(faults)).flat();
      if (found.length > 0) throw new NotWellAround(found);
      return [`${publicUrl} answers`, ...formerHosts.map((host) => `${host} leads there`)].join(', ');
    },
  },
  {
    part: 'proxy in front',
    looksAt: 'whether the proxy in which TLS ends is named, so that readers can be told apart by their networks',
    failsWhen:
      '`trustedProxies` is empty: every reader comes from the address of the proxy, and all share the limits of one',
    whatToDo: 'name its address as SEGL_TRUSTED_PROXIES, and see that it writes whom it speaks for (ops/proxies)',
    askers: ['doctor'],
    onlyAdvises: true,
    standsOn: ['publicUrl'],
    concerns: isBehindProxy,
    isTold: never,
    async run({ settings: { trustedProxies } }) {
      if (trustedProxies.length === 0) throw new NotWellAround(['trustedProxies is empty: all readers look like one']);
      return trustedProxies.join(', ');
    },
  },
  {
    part: 'records in DNS',
    looksAt: 'SPF, DMARC and DKIM of the domains that code mails and carriers are from',
    failsWhen: 'one is missing, doubled, or holds another key than ours',
    whatToDo: 'publish what is named; receivers may take our mail for forged until then',
    askers: ['doctor'],
    onlyAdvises: true,
    standsOn: ['passcode.sender'],
    concerns: (settings) => partsOf(settings).has('relay') && !settings.demonstration,
    isTold: never,
    async run({ settings }) {
      const domains = await mailDomains(settings);
      const faults = (await Promise.all(domains.map((domain) => faultsOfMailRecords(domain)))).flat();
      if (faults.length > 0) throw new NotWellAround(faults);
      return domains.map(({ domain }) => domain).join(', ');
    },
  },
];

/** Readers come by https, which no process of ours speaks: something stands in front. */
export function isBehindProxy(settings: Settings): boolean {
  return hasRole(settings, 'portal') && !settings.demonstration && settings.publicUrl.startsWith('https:');
}

/** Of code mails, and those that we sign for. */
async function mailDomains({ passcode, dkim, keyring: directory, demonstration }: Settings): Promise<MailDomain[]> {
  const signed = dkim.domains.length === 0 ? [] : await signingRecords(directory, demonstration, dkim);
  const sender = passcode.sender.slice(passcode.sender.lastIndexOf('@') + 1);
  return [...new Set([sender, ...dkim.domains])].map((domain) => ({
    domain,
    dkim: new Map(dkim.domains.includes(domain) ? signed : []),
  }));
}

async function signingRecords(directory: string, demonstration: boolean, dkim: Settings['dkim']) {
  const kindsIfThere = ['dkim-rsa', 'dkim-eddsa'] as const;
  const keyring = await Keyring.open(directory, { demonstration, kinds: [], kindsIfThere });
  const pairs = keyring.dkimKeys().filter(({ version }) => version === dkim.keyVersion);
  keyring.close();
  return pairs.map((pair) => [dkimSelectorOf(pair, dkim), dkimRecord(pair.publicKey)] as const);
}

/** The data directory, or what is there of the way to it before the first start. */
function nearestDirectory(path: string): string {
  for (let place = path; ; place = dirname(place)) {
    try {
      statfsSync(place);
      return place;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT' || place === dirname(place)) throw error;
    }
  }
}
