import { randomBytes } from 'node:crypto';
import { fileAt } from '../../libs/mail/src/reading/file-place.ts';
import { MailReader } from '../../libs/mail/src/reading/mail-reader.ts';
import { openSealedMail } from '../../libs/sealing/src/format/open-sealed-mail.ts';
import { SealedParts } from '../../libs/sealing/src/format/sealed-parts.ts';
import { inPieces, sealSample, testKeys } from '../../libs/sealing/src/testing/sealed-sample.ts';

/*
 * Files of one mail, each taken alone, beside one pass that opens and reads the whole mail and cuts all of them out: what the downloads
 * cost must follow the files and not the mail's structure. Interleaved; the median over the rounds of the downloads' time / the pass's.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const ROUNDS = 5;
const FILES = 33;

function mailOf(fileBytes: number, partsBeside: number): Buffer {
  const text = '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nA few words.\r\n'.repeat(partsBeside);
  const files = Array.from(
    { length: FILES },
    (_, at) =>
      `--b\r\nContent-Type: application/pdf; name="${at}.pdf"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n${randomBytes(fileBytes).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
  );
  return Buffer.from(
    `Subject: Files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${text}${files.join('')}--b--\r\n`,
  );
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;
}

/** As the portal takes a file (`MessageFiles`), on ciphertext in memory; without its stores and records, which both ways have. */
async function compare(name: string, mail: Buffer): Promise<Measured> {
  const keys = testKeys();
  const { ciphertext, recorded, sender, recipient } = sealSample(mail, keys);
  const options = { identity: keys.identity, verifierFor: keys.verifierFor, recorded, sender, recipient };
  const reader = new MailReader({ workers: 1 });
  const opened = () => openSealedMail(inPieces(ciphertext), options);
  const { attachments } = await reader.read((await opened()).mail);
  const read = async (start: number, end: number) => inPieces(ciphertext.subarray(start, end));
  const alone = async () => {
    for (const { place } of attachments) {
      if (place === null) throw new Error('it has a place');
      const parts = await SealedParts.open(read, options);
      const bytes = await parts?.bytes(place.headAt, place.to);
      if (bytes) await fileAt(bytes, place);
    }
  };
  const inOnePass = async () =>
    reader.attachments(
      (await opened()).mail,
      attachments.map(({ index }) => index),
    );
  const ratios: number[] = [];
  const times: number[] = [];
  await alone();
  await inOnePass();
  for (let round = 0; round < ROUNDS; round++) {
    const pass = await timed(inOnePass);
    const each = await timed(alone);
    ratios.push(each / pass);
    times.push(each);
  }
  await reader.close();
  return {
    name: `${FILES} downloads / one pass over ${name}`,
    ratio: median(ratios),
    aim: mail.length > 10_000_000 ? '<= 2' : '', // of small mails the key and the first chunk are the cost
    detail: `${(median(times) / attachments.length).toFixed(1)} ms a file, ${ROUNDS} rounds`,
  };
}

export async function bench(): Promise<Measured[]> {
  return [
    await compare('25 MB', mailOf(550_000, 1)),
    await compare('25 MB of 960 parts', mailOf(550_000, 960)),
    await compare('2 MB', mailOf(45_000, 1)),
  ];
}
