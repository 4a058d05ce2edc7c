import { createHash } from 'node:crypto';
import { Command } from 'commander';
import { NotSealedMail, readSealedHeader, SEALED_HEADER_BYTES } from '#libs/sealing';
import { pageFactsOf } from '../carrier-page.ts';
import type { PageFacts } from '../carrier-page.ts';
import { BadInput } from '../exit-codes.ts';
import { bytesOf, ciphertextOf } from '../handed-in.ts';
import type { Operator } from '../operator.ts';

export function inspectCommand(operator: Operator): Command {
  return new Command('inspect')
    .description('say what a carrier says without any key')
    .argument('<carrier>', 'a carrier (.eml), its message.html, or an age file; - for stdin')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Nothing is verified: anybody can make a file that says this. Sender, recipient, times and
terms are inside the seal: "segl open --manifest" prints them with the organisation's key. "segl audit query --message <id>" asks the record, and
"segl open" opens with the organisation's key.

Examples:
  segl inspect message.html
  segl inspect --json - < carrier.eml`,
    )
    .action(async (source: string, { json }: { json?: boolean }) => {
      const facts = await inspect(bytesOf(source, operator.terminal));
      if (json) return operator.printJson(facts);
      const { portalUrl, pageTitle } = facts;
      await operator.print(
        [
          `message id         ${facts.messageId}`,
          `header SHA-256     ${facts.headerSha256}`,
          `ciphertext         ${facts.ciphertextBytes} bytes`,
          `ciphertext SHA-256 ${facts.ciphertextSha256}`,
          `handed in          ${facts.carrierBytes} bytes`,
          `opens at           ${portalUrl ?? '(does not say)'}`,
          `page title         ${pageTitle ?? '(has none)'}`,
          'terms              inside the seal: segl open --manifest',
        ].join('\n'),
      );
    });
}

interface CarrierFacts extends PageFacts {
  readonly messageId: string;
  readonly headerSha256: string;
  readonly ciphertextBytes: number;
  readonly ciphertextSha256: string;
  readonly carrierBytes: number;
}

/** 512 KiB from the front hold a carrier's header, its texts and the beginning of its page. */
const SEARCHED_BYTES = 512 * 1024;

async function inspect(source: AsyncIterable<Uint8Array>): Promise<CarrierFacts> {
  const front: Uint8Array[] = [];
  let frontBytes = 0;
  let carrierBytes = 0;
  const watched = async function* () {
    for await (const piece of source) {
      if (frontBytes < SEARCHED_BYTES) {
        front.push(Buffer.from(piece.subarray(0, SEARCHED_BYTES - frontBytes)));
        frontBytes += front.at(-1)?.length ?? 0;
      }
      carrierBytes += piece.length;
      yield piece;
    }
  };
  const hash = createHash('sha256');
  let header = Buffer.alloc(0);
  let ciphertextBytes = 0;
  for await (const piece of ciphertextOf(watched())) {
    if (header.length < SEALED_HEADER_BYTES)
      header = Buffer.concat([header, piece.subarray(0, SEALED_HEADER_BYTES - header.length)]);
    hash.update(piece);
    ciphertextBytes += piece.length;
  }
  const { messageId, headerSha256 } = headerOf(header);
  const page = pageFactsOf(Buffer.concat(front).toString('latin1'));
  return { messageId, headerSha256, ciphertextBytes, ciphertextSha256: hash.digest('hex'), carrierBytes, ...page };
}

function headerOf(bytes: Buffer): { messageId: string; headerSha256: string } {
  try {
    const header = readSealedHeader(bytes);
    if (header.status === 'header') return header;
  } catch (error) {
    if (!(error instanceof NotSealedMail)) throw error;
    throw new BadInput(`this is no sealed mail of Segl’s (${error.reason})`, { cause: error });
  }
  throw new BadInput('this is no sealed mail of Segl’s (cut short)');
}
