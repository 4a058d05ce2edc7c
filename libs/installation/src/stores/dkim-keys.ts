import type { DkimKey } from '#libs/mail';
import type { Keyring } from '#libs/keyring';
import type { Settings } from '../settings/settings.ts';

type DkimKeyPair = ReturnType<Keyring['dkimKeys']>[number];

/** The first part of `<selector>._domainkey.<domain>`: one for each key, so that a newer one can be published while an older one signs. */
export function dkimSelectorOf({ form, version }: DkimKeyPair, { selector }: Settings['dkim']): string {
  return `${selector}-${form}-${version}`;
}

/** The keys that sign now: those of the version that is configured, as far as they are there. */
export function dkimKeysOf(keyring: Keyring, dkim: Settings['dkim']): DkimKey[] {
  return keyring
    .dkimKeys()
    .filter(({ version }) => version === dkim.keyVersion)
    .map((pair) => ({
      algorithm: pair.form === 'rsa' ? 'rsa-sha256' : 'ed25519-sha256',
      selector: dkimSelectorOf(pair, dkim),
      privateKey: pair.privateKey,
    }));
}
