import { join } from 'node:path';
import type { Operator } from '../operator.ts';
import type { ProvenRecord } from '../proven-record.ts';
import type { RestoredInstallation } from '../restoring.ts';

interface Where {
  readonly directory: string;
  readonly isRehearsal: boolean;
  readonly json: boolean;
}

/** What is there now, or would be. */
export async function reportRestored(operator: Operator, restored: RestoredInstallation, where: Where): Promise<void> {
  const { manifest, beginning, signedBy, carriersLeftOut, erased, erasedUnknown, proven, standstill, orphaned } =
    restored;
  const { events, persons, carriers, keyIds } = manifest;
  if (where.json) {
    return operator.printJson({
      ...{
        isRehearsal: where.isRehearsal,
        directory: where.directory,
        madeAt: manifest.madeAt,
        release: beginning.segl,
      },
      ...{ events: events.count, newestAt: events.newestAt, root: events.rootSha256 },
      ...{ persons, carriers: carriers - carriersLeftOut, carriersLeftOut, keyIds, erased, erasedUnknown },
      orphaned,
      signedBy,
      ledger: proven,
      standstill,
    });
  }
  const lines = [
    where.isRehearsal ? `would be there at ${where.directory}:` : `restored to ${where.directory}:`,
    `  made at ${manifest.madeAt} by Segl ${beginning.segl}, ${signatureWords(signedBy)}`,
    `  ${events.count} events, the newest of ${events.newestAt ?? 'never'}; RFC 6962 root ${events.rootSha256}`,
    `  ${standstill === null ? ledgerSentence(proven) : `THE LEDGER WAS NOT LOOKED AT: ${standstill}`}`,
    `  ${persons} persons in the backup; erased again: ${erased.length}${erasedUnknown > 0 ? `, and ${erasedUnknown} of whom it has nothing` : ''}`,
    `  ${carriers - carriersLeftOut} carriers that will leave or are kept; left out, since no message of the record is theirs: ${carriersLeftOut}`,
    `  keys ${keyIds.join(', ')}`,
    ...Object.entries(orphaned).map(
      ([keyId, messages]) =>
        `  WITHOUT ${keyId}: ${messages} unexpired messages open no more; put it into the keyring if a copy was kept`,
    ),
  ];
  await operator.print(lines.join('\n'));
  if (where.isRehearsal) return operator.terminal.say('segl: a rehearsal: nothing was left there');
  const [dataDir, keyring] = ['data', 'keyring'].map((name) => join(where.directory, name));
  operator.terminal.say(
    `segl: next: SEGL_DATA_DIR=${dataDir} SEGL_KEYRING=${keyring} segl doctor; the configuration as it was is in ${join(where.directory, 'configuration')}`,
  );
}

function signatureWords(signedBy: RestoredInstallation['signedBy']): string {
  if (signedBy === null) return 'NOT SIGNED: who made it is not known';
  const { keyId, isKeptElsewhere } = signedBy;
  return isKeptElsewhere
    ? `signed by ${keyId}, a key that you gave`
    : `signed by the ${keyId} in it: that it is yours only --ledger-key tells`;
}

function ledgerSentence(proven: ProvenRecord | null): string {
  if (proven === null)
    return 'no checkpoint was ever signed: the record is as the backup has it, and nothing else proves it';
  const { provenTo, provenEvents, unprovenEvents, knownBeyond, isProven } = proven;
  const until =
    provenTo === null
      ? 'nothing'
      : `${provenEvents} events up to the checkpoint of ${provenTo.origin} at ${provenTo.size}`;
  const beyond =
    knownBeyond === null
      ? ''
      : `; a checkpoint that you gave is of ${knownBeyond} events: what came after the backup is not here`;
  return `${isProven ? 'the ledger proves' : 'THE LEDGER IS CONTRADICTED, and proves'} ${until}; behind it ${unprovenEvents} that no checkpoint proves yet${beyond}`;
}
