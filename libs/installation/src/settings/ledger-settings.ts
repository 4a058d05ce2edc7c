import { readWitness } from '#libs/audit';
import type { Witness } from '#libs/audit';
import { Egress } from '#libs/egress';
import { isLoopback } from './loopback.ts';
import type { Settings } from './settings.ts';
import { nameOf } from './variables.ts';

/** Longer than a webhook's 15 s: nobody waits for a checkpoint. */
const POST_TIMEOUT_MS = 30_000;
type WitnessSettings = Settings['ledger']['witnesses'][number];

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** The guarded way to `ledger.checkpointUrl`, and to nobody else. @throws RangeError for a private address that is none */
export function checkpointPassage({ checkpointUrl = '', checkpointPrivateAddresses }: Settings['ledger']) {
  const { host, hostname } = new URL(checkpointUrl);
  return new Egress({ exchangeMs: POST_TIMEOUT_MS }).to({
    hosts: [host],
    privateAddresses: [...checkpointPrivateAddresses, ...(isLoopback(hostname) ? LOOPBACK : [])],
  });
}

/** One of `ledger.witnesses`; null where its key is none. @throws RangeError for a private address that is none */
export function witnessOf({ url, monitoringUrl, key, privateAddresses }: WitnessSettings): Witness | null {
  const isHere = [url, monitoringUrl ?? url].every((address) => isLoopback(new URL(address).hostname));
  return readWitness(key, { url, monitoringUrl, privateAddresses: [...privateAddresses, ...(isHere ? LOOPBACK : [])] });
}

/** What is wrong with settings that are each well in themselves. */
export function ledgerContradictions({ ledger }: Settings): string[] {
  const { checkpointUrl, checkpointPrivateAddresses } = ledger;
  if (checkpointUrl === undefined)
    return [
      ...witnessFaults(ledger),
      ...(checkpointPrivateAddresses.length > 0
        ? [`${nameOf('ledger.checkpointPrivateAddresses')}: has no use without ${nameOf('ledger.checkpointUrl')}`]
        : []),
    ];
  const faults = [...witnessFaults(ledger), ...plainAddressFaults('ledger.checkpointUrl', checkpointUrl)];
  try {
    checkpointPassage(ledger);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(`${nameOf('ledger.checkpointPrivateAddresses')}: ${error.message}`);
  }
  return faults;
}

/** Says nothing of a user and a password but that they are there. */
function plainAddressFaults(setting: string, url: string): string[] {
  const address = new URL(url);
  const faults: string[] = [];
  if (address.username !== '' || address.password !== '') {
    address.username = address.password = '';
    faults.push(`${nameOf(setting)}: ${address.href}: has a user or a password in it`);
  }
  if (address.protocol === 'http:' && !isLoopback(address.hostname))
    faults.push(`${nameOf(setting)}: ${address.href}: must be https:// (http:// is for loopback only)`);
  return faults;
}

function witnessFaults({ directory, witnesses }: Settings['ledger']): string[] {
  const name = nameOf('ledger.witnesses');
  const faults: string[] = [];
  if (witnesses.length > 0 && directory === undefined)
    faults.push(`${name}: needs ${nameOf('ledger.directory')}, where the checkpoints stand that they have signed`);
  for (const witness of witnesses) {
    const addressFaults = [witness.url, witness.monitoringUrl ?? witness.url].flatMap((address) =>
      plainAddressFaults('ledger.witnesses', address),
    );
    faults.push(...addressFaults);
    if (addressFaults.length === 0)
      faults.push(...keyFaults(witness).map((fault) => `${name}: ${witness.url}: ${fault}`));
  }
  return [...new Set(faults)];
}

function keyFaults(witness: WitnessSettings): string[] {
  try {
    return witnessOf(witness) === null ? ['its key is no Ed25519 key for cosignatures'] : [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [error.message];
  }
}
