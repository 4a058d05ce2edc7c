import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Keyring, SealingIdentity } from '#libs/keyring';
import { openWithIdentity, SealBroken } from '#libs/sealing';
import type { OpenWithIdentityOptions } from '#libs/sealing';
import { BadInput, Refused, Unavailable } from '../exit-codes.ts';
import { bytesOf, ciphertextOf } from '../handed-in.ts';
import type { Operator } from '../operator.ts';

interface OpenOptions {
  readonly identity?: string;
  readonly manifest?: boolean;
}

export function openCommand(operator: Operator): Command {
  return new Command('open')
    .description('open a sealed mail with the organisation’s key, without the portal and without a record')
    .argument('<carrier>', 'a carrier (.eml), its message.html, or an age file; - for stdin')
    .option(
      '--identity <file>',
      'an age identity file (sealing-1.key) instead of a keyring; the signature is not checked then',
    )
    .option('--manifest', 'print what was signed about the mail, as JSON, instead of the mail')
    .addHelpText(
      'after',
      `
Prints the mail byte for byte, and nothing of it before the whole of it was verified: so it holds the mail in memory.
Opening a mail this way leaves no trace in the record; that is for courts, migrations and emergencies. The
standard age tool (1.3 or newer) does the same: age -d -i sealing-1.key.

Examples:
  segl open --keyring ./keyring carrier.eml > mail.eml
  segl open --identity sealing-1.key --manifest message.html`,
    )
    .action(async (source: string, options: OpenOptions, command: Command) => {
      await using stores = operator.stores(command);
      const keys =
        options.identity === undefined
          ? keysOf(await stores.keyring(['sealing', 'manifest.pub']))
          : await keyOf(options.identity);
      if (keys.verifierFor === undefined)
        operator.terminal.say('segl: without a keyring the manifest’s signature is not checked');
      let manifest: Parameters<NonNullable<OpenWithIdentityOptions['onManifest']>> | null = null;
      const mail: Uint8Array[] = [];
      try {
        const ciphertext = ciphertextOf(bytesOf(source, operator.terminal));
        const opened = openWithIdentity(ciphertext, { ...keys, onManifest: (...read) => void (manifest = read) });
        for await (const piece of opened) if (options.manifest !== true) mail.push(Buffer.from(piece)); // a piece's memory is used again
      } catch (error) {
        throw error instanceof SealBroken ? new BadInput(sentenceFor(error), { cause: error }) : error;
      }
      sayTerms(operator, manifest);
      if (options.manifest === true) return operator.printJson(manifestJson(manifest));
      for (const piece of mail) await operator.terminal.write(piece);
    });
}

/** Nothing holds to them here; who has the key sees at least what was asked. */
function sayTerms(
  operator: Operator,
  read: Parameters<NonNullable<OpenWithIdentityOptions['onManifest']>> | null,
): void {
  const terms = read?.[0].terms ?? [];
  if (terms.length > 0) operator.terminal.say(`segl: sealed under these terms: ${terms.join(', ')}`);
}

type Keys = Pick<OpenWithIdentityOptions, 'identities' | 'verifierFor'>;

function keysOf(keyring: Keyring): Keys {
  const identities = keyring
    .list()
    .filter((key) => key.kind === 'sealing')
    .map((key) => keyring.sealingIdentity(key.keyId))
    .filter((identity) => identity !== null);
  return { identities, verifierFor: (keyId) => keyring.manifestVerifier(keyId) };
}

async function keyOf(file: string): Promise<Keys> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Unavailable(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
  const identities = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('AGE-SECRET-KEY-PQ-1'))
    .map((identity): SealingIdentity => ({ keyId: file, identity: identity.trim() }));
  if (identities.length === 0) throw new Refused(`${file} holds no hybrid age identity (AGE-SECRET-KEY-PQ-1…)`);
  return { identities };
}

function manifestJson(read: Parameters<NonNullable<OpenWithIdentityOptions['onManifest']>> | null): object {
  if (read === null) throw new BadInput('the sealed mail has no manifest');
  const [{ signature, ...manifest }, check] = read;
  return { ...manifest, signature: Buffer.from(signature).toString('base64url'), signatureCheck: check };
}

/** The reasons are for operators, and anyone who has the key may know all of them. */
function sentenceFor({ reason }: SealBroken): string {
  switch (reason) {
    case 'wrong-key':
      return 'none of these keys opens it: it was sealed to another keyring, or its epoch was destroyed (wrong-key)';
    case 'manifest-unsigned':
      return 'no manifest key of this keyring signed it: it was not sealed by this organisation (manifest-unsigned)';
    default:
      return `it was altered or cut short since it was sealed, or is no sealed mail; nothing of it is printed (${reason})`;
  }
}
