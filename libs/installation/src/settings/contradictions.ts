import { SHARE_OF_BYTE_VALUES } from '#libs/ephemeral-store';
import { organisationProfileFaults } from '#libs/mail';
import { isLoopback } from './loopback.ts';
import { canaryContradictions } from './canary-settings.ts';
import { gatewayContradictions } from './gateway-settings.ts';
import { ledgerContradictions } from './ledger-settings.ts';
import { organisationProfile } from './organisation.ts';
import type { Settings } from './settings.ts';
import { relayFaults } from './relay-settings.ts';
import { partsOf, ROLES } from '../roles.ts';
import { signInContradictions } from './sign-in-settings.ts';
import { smtpContradictions } from './smtp-settings.ts';
import { isEmbedded, STORE_KINDS, storeFileFaults } from '../stores/store-urls.ts';
import type { StoreName } from '../stores/store-urls.ts';
import { nameOf } from './variables.ts';

/** What is wrong with settings that are each well in themselves. */
export function contradictions(settings: Settings): string[] {
  const faults: string[] = [];
  const publicUrl = new URL(settings.publicUrl);
  if (publicUrl.protocol === 'http:' && !isLoopback(publicUrl.hostname)) {
    faults.push(`${nameOf('publicUrl')}: must be https:// (http:// is for loopback only)`);
  }
  if (publicUrl.pathname !== '/' || publicUrl.search !== '' || publicUrl.hash !== '' || publicUrl.username !== '') {
    faults.push(`${nameOf('publicUrl')}: must be scheme, host and port alone, without a path`);
  }
  if (settings.formerHosts.includes(publicUrl.hostname)) {
    faults.push(`${nameOf('formerHosts')}: names the host of publicUrl, which readers would be led away from for ever`);
  }
  if (settings.managementPort !== 0 && settings.managementPort === settings.httpPort) {
    faults.push(
      `${nameOf('managementPort')}: is the port that readers reach; what is for those who watch needs another`,
    );
  }
  for (const [setting, fault] of storeFileFaults(settings, settings.stores)) faults.push(`${setting}: ${fault}`);
  if (settings.demonstration) {
    if (settings.roles.length < ROLES.length)
      faults.push(`${nameOf('roles')}: a demonstration has all roles; leave it out`);
    for (const name of Object.keys(STORE_KINDS) as StoreName[]) {
      if (!isEmbedded(name, settings[name]))
        faults.push(`${nameOf(name)}: a demonstration keeps everything in its own directory and memory; leave it out`);
    }
    if (settings.relayUrl !== undefined)
      faults.push(`${nameOf('relayUrl')}: a demonstration sends no mail; leave it out`);
    if (!isLoopback(settings.httpHost)) faults.push(`${nameOf('httpHost')}: a demonstration listens on loopback only`);
    if (!isLoopback(settings.managementHost))
      faults.push(`${nameOf('managementHost')}: a demonstration listens on loopback only`);
    if (!isLoopback(publicUrl.hostname)) faults.push(`${nameOf('publicUrl')}: a demonstration is on loopback only`);
  } else if (settings.relayUrl === undefined) {
    // A console alone sends nothing, unless it writes to those who run it.
    if (partsOf(settings).has('relay')) {
      faults.push(
        `${nameOf('relayUrl')}: is missing; carriers and codes need a next hop, such as smtp://mail.example.com:25`,
      );
    }
  } else {
    faults.push(...relayFaults(settings.relayUrl, settings.relay));
  }
  const { maxMailBytes } = settings.sealing;
  if (settings.uploads.maxBytes < maxMailBytes * 1.01 + 64 * 1024) {
    faults.push(
      `${nameOf('uploads.maxBytes')}: must hold at least one mail of the largest size (${maxMailBytes} bytes)`,
    );
  }
  if (settings.portal.ephemeralMaxBytes * SHARE_OF_BYTE_VALUES < maxMailBytes * 1.01 + 64 * 1024) {
    faults.push(
      `${nameOf('portal.ephemeralMaxBytes')}: must hold at least one mail of the largest size (${maxMailBytes} bytes) and its sign-in`,
    );
  }
  faults.push(...ledgerContradictions(settings));
  faults.push(...organisationProfileFaults(organisationProfile(settings.organisation)));
  faults.push(...signInContradictions(settings.signIn), ...smtpContradictions(settings));
  faults.push(...gatewayContradictions(settings), ...canaryContradictions(settings));
  return faults;
}
