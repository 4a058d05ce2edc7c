import { setImmediate as nextTurn } from 'node:timers/promises';
import { MailMeasure, MailSealer, MailTooLarge } from '#libs/sealing';
import type { MessageTerm } from '#libs/sealing';
import type { Keyring } from '#libs/keyring';
import { plusSeconds } from '#libs/vocabulary';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { authorField, CarrierWriter, MailHeaderCollector, writtenBy } from '#libs/mail';
import type { MailHeader, OrganisationProfile } from '#libs/mail';
import { FromUnclear } from './from-unclear.ts';
import { shownSenderName } from './shown-sender.ts';

/** Where one carrier goes, in order; whoever is asked to write may keep the bytes only until its promise resolves. */
export interface CarrierSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** A seal that is complete but for the last bytes of its carrier, so that it can be recorded before they leave. */
export interface FinishedSeal<Sink extends CarrierSink> {
  readonly recipient: MailAddress;
  /** Finished; its digests are there. */
  readonly seal: MailSealer;
  readonly sink: Sink;
  /** What is still to be written to the sink. */
  readonly lastBytes: Buffer;
}

/** What holds for every seal of an installation. */
export interface SealSettings {
  /** `SEGL_PUBLIC_URL`. */
  readonly publicUrl: URL;
  readonly organisation: OrganisationProfile;
  /** From sealing to expiry. */
  readonly lifetimeSeconds: number;
  readonly maxMailBytes: number;
  /** The envelope sender of a carrier. Default: who wrote. */
  readonly senderOfCarrier?: (messageId: MessageId, author: MailAddress) => MailAddress;
}

/** For one mail, whatever the installation is configured for. */
export interface TermsOfSeals {
  /** From sealing to expiry; null: as the installation is configured. */
  readonly lifetimeSeconds: number | null;
  /** The rule that they come from: as ManifestFacts has it. */
  readonly policy?: string;
  readonly terms: readonly MessageTerm[];
}

export interface SealForRecipientsOptions<Sink extends CarrierSink> {
  readonly mail: AsyncIterable<Uint8Array>;
  readonly sender: MailAddress;
  readonly recipients: readonly MailAddress[];
  readonly sealedAt: Instant;
  readonly keys: Pick<Keyring, 'sealingRecipient' | 'manifestSigner'>;
  readonly settings: SealSettings;
  /** What holds for these seals beside the settings. Default: nothing. */
  readonly terms?: TermsOfSeals;
  readonly openSink: (seal: MailSealer, recipient: MailAddress, carrier: CarrierWriter) => Promise<Sink>;
  /** Is shown the header before anything is sealed; a throw ends it there. */
  readonly checkHeader?: (mailHeader: MailHeader) => void;
}

/** 128 KiB at a time: some hundred microseconds of work for a recipient, and its buffers stay small. */
const PIECE_BYTES = 128 * 1024;

/**
 * One mail in, one seal and one carrier for each recipient out, in one pass over the mail: it is read once and never held. Memory
 * is the header and under 2 MiB for each recipient, whatever the size of the mail. When it throws, what was written to the
 * sinks is of no use to anybody.
 *
 * @throws MailTooLarge past maxMailBytes, FromUnclear; and whatever the mail, a sink or checkHeader throws
 */
export async function sealForRecipients<Sink extends CarrierSink>(
  options: SealForRecipientsOptions<Sink>,
): Promise<{
  measure: MailMeasure;
  mailHeader: MailHeader;
  senderName: string | null;
  seals: FinishedSeal<Sink>[];
}> {
  const { settings, sealedAt, sender } = options;
  const mail = options.mail[Symbol.asyncIterator]();
  try {
    const { mailHeader, taken } = await readHeader(mail, settings.maxMailBytes);
    options.checkHeader?.(mailHeader);
    const from = writtenBy(authorField(mailHeader, 'from'), sender);
    if (from.kind === 'unclear') throw new FromUnclear(from.fault);
    const { author } = from;
    const senderName = shownSenderName(author, sender, settings.organisation);
    const measure = new MailMeasure();
    const { lifetimeSeconds = null, policy, terms = [] } = options.terms ?? {};
    const expiresAt = plusSeconds(sealedAt, lifetimeSeconds ?? settings.lifetimeSeconds);
    const termed = { ...(policy !== undefined && { policy }), ...(terms.length > 0 && { terms }) };
    const lines: { recipient: MailAddress; seal: MailSealer; carrier: CarrierWriter; sink: Sink }[] = [];
    for (const recipient of options.recipients) {
      const seal = new MailSealer({
        recipient: options.keys.sealingRecipient(),
        signer: options.keys.manifestSigner(),
        facts: { organisation: settings.organisation.name, sender, recipient, sealedAt, expiresAt, ...termed },
        maxMailBytes: settings.maxMailBytes,
        measure,
      });
      const { messageId } = seal;
      const carrier = new CarrierWriter({
        ...settings,
        recipient,
        mailHeader,
        messageId,
        author,
        senderName,
        sealedAt,
        expiresAt,
      });
      const sink = await options.openSink(seal, recipient, carrier);
      await sink.write(carrier.begin());
      await writeAll(sink, carrier.update(seal.begin()));
      lines.push({ recipient, seal, carrier, sink });
    }

    for await (const piece of pieces(taken, mail)) {
      measure.update(piece);
      for (const { seal, carrier, sink } of lines) await writeAll(sink, carrier.update(seal.update(piece)));
      await nextTurn();
    }
    const seals = lines.map(({ recipient, seal, carrier, sink }) => {
      const lastLines = Buffer.from(carrier.update(seal.finish())); // a copy: the writer uses its buffer again
      return { recipient, seal, sink, lastBytes: Buffer.concat([lastLines, carrier.finish()]) };
    });
    return { measure, mailHeader, senderName, seals };
  } finally {
    await mail.return?.();
  }
}

/** Goes through a mail without sealing it. @throws MailTooLarge */
export async function measureMail(mail: AsyncIterable<Uint8Array>, maxMailBytes: number): Promise<MailMeasure> {
  const measure = new MailMeasure();
  for await (const piece of mail) {
    measure.update(piece);
    if (measure.bytes > maxMailBytes) throw new MailTooLarge(maxMailBytes);
  }
  return measure;
}

async function writeAll(sink: CarrierSink, bytes: Buffer): Promise<void> {
  if (bytes.length > 0) await sink.write(bytes);
}

/** The pieces up to the end of the header, kept to be sealed: the carrier cannot begin before it. */
async function readHeader(
  mail: AsyncIterator<Uint8Array>,
  maxBytes: number,
): Promise<{ mailHeader: MailHeader; taken: Uint8Array[] }> {
  const collector = new MailHeaderCollector();
  const taken: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { value, done } = await mail.next();
    if (done) break;
    bytes += value.length;
    if (bytes > maxBytes) throw new MailTooLarge(maxBytes);
    taken.push(value);
    if (collector.push(value)) break;
  }
  return { mailHeader: collector.header(), taken };
}

async function* pieces(taken: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of taken) yield* cut(piece);
  for (;;) {
    const { value, done } = await rest.next();
    if (done) return;
    yield* cut(value);
  }
}

function* cut(piece: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < piece.length; start += PIECE_BYTES) yield piece.subarray(start, start + PIECE_BYTES);
}
