import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Person } from '#libs/keyring';
import { CarrierWriter, authorField, headerText, writtenBy } from '#libs/mail';
import type { Author, MailHeader, OrganisationProfile } from '#libs/mail';
import { MailSealer } from '#libs/sealing';
import type { MailSealerOptions } from '#libs/sealing';
import type { MailAddress, MessageId } from '#libs/vocabulary';
import { plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { StoredMail } from '../outgoing-mail.ts';
import type { SealTerms } from '../policy/policy.ts';
import { termsInManifest } from '../policy/terms-in-manifest.ts';
import { FromUnclear } from '../seals/from-unclear.ts';
import { shownSenderName } from '../seals/shown-sender.ts';
import { keepSeal, keptSealOf } from './kept-seal.ts';
import { sha256Of, withTraceOf } from './look-at-mail.ts';
import type { MailLook } from './look-at-mail.ts';
import type { PassingOnSettings } from './settings.ts';

/** A seal whose every byte is decided and none written yet: as often as its carrier is asked for, it is the same message. */
export interface BegunSeal {
  readonly messageId: MessageId;
  readonly resumption: Buffer;
  /** The mail that is sealed, with the trace fields that it had when the seal was begun. */
  readonly mail: StoredMail;
  readonly mailSha256: string;
  /** Not begun yet, for the first carrier that is asked for; later ones take the seal up. */
  readonly sealer: MailSealer;
}

/** Everything of a mail that its seals have in common. */
export interface SealedMailFacts {
  readonly header: MailHeader;
  readonly author: Pick<Author, 'address' | 'displayName'>;
  readonly sender: MailAddress;
  readonly senderName: string | null;
}

/** @throws FromUnclear: nobody could say for certain in whose name it would be sealed */
export function sealedMailFacts(
  header: MailHeader,
  mailFrom: MailAddress | null,
  organisation: OrganisationProfile,
): SealedMailFacts {
  const field = authorField(header, 'from');
  const sender = mailFrom ?? (field.kind === 'one' ? field.author.address : null);
  if (sender === null) throw new FromUnclear(field.kind === 'unclear' ? field.fault : 'empty');
  const from = writtenBy(field, sender);
  if (from.kind === 'unclear') throw new FromUnclear(from.fault);
  return { header, author: from.author, sender, senderName: shownSenderName(from.author, sender, organisation) };
}

export interface SealFacts {
  readonly terms: SealTerms;
  readonly rule: string;
  readonly sender: MailAddress;
  readonly recipient: MailAddress;
  readonly sealedAt: Instant;
  readonly keys: Pick<MailSealerOptions, 'recipient' | 'signer'>;
}

export function beginSeal(
  mail: StoredMail,
  { mailSha256 }: MailLook,
  { terms, rule, sender, recipient, sealedAt, keys }: SealFacts,
  { organisation, lifetimeSeconds, maxMailBytes }: PassingOnSettings,
): BegunSeal {
  const expiresAt = plusSeconds(sealedAt, terms.lifetimeSeconds ?? lifetimeSeconds);
  const named = { organisation: organisation.name, sender, recipient, sealedAt, expiresAt };
  const facts = { ...named, ...termsInManifest(rule, terms) };
  const sealer = new MailSealer({ ...keys, facts, mailSha256, maxMailBytes });
  return { messageId: sealer.messageId, resumption: sealer.resumption(), mail, mailSha256, sealer };
}

/** What is recorded before the carrier leaves. */
export function keptTextOf({ resumption }: BegunSeal, person: Person, { cutHeader, sameMail }: MailLook): string {
  return keepSeal({ resumption, cut: cutHeader.cut }, person, sameMail);
}

/** Null where it cannot be taken up, or nobody could open it any more: then a new one is begun. */
export async function takeUpSeal(
  text: string,
  messageId: MessageId,
  {
    person,
    mail,
    look,
    now,
    maxMailBytes,
  }: {
    readonly person: Person;
    readonly mail: StoredMail;
    readonly look: MailLook;
    readonly now: Instant;
    readonly maxMailBytes: number;
  },
): Promise<BegunSeal | null> {
  const kept = keptSealOf(text, person, look.sameMail);
  if (kept === null) return null;
  const { resumption, cut } = kept;
  const asItWas = withTraceOf(mail, look, cut);
  const mailSha256 = await sha256Of(asItWas);
  const sealer = new MailSealer({ resumption, mailSha256, maxMailBytes });
  return sealer.manifest.expiresAt > now ? { messageId, resumption, mail: asItWas, mailSha256, sealer } : null;
}

/** 128 KiB at a time, as seal-for-recipients.ts has it. */
const PIECE_BYTES = 128 * 1024;

/**
 * The carrier of a seal, as often as it is asked for. Its last bytes come only once `record` has recorded the seal: without them no
 * next hop has a mail.
 */
export function carrierContent(
  seal: BegunSeal,
  { header, author, senderName }: SealedMailFacts,
  settings: Pick<PassingOnSettings, 'publicUrl' | 'organisation' | 'maxMailBytes'>,
  record: (seal: MailSealer) => Promise<void>,
): () => AsyncGenerator<Uint8Array> {
  const { resumption, mailSha256 } = seal;
  let first: MailSealer | null = seal.sealer;
  return async function* () {
    const sealer = first ?? new MailSealer({ resumption, mailSha256, maxMailBytes: settings.maxMailBytes });
    first = null;
    const { messageId, manifest } = sealer;
    const { sealedAt, expiresAt, recipient } = manifest;
    const carrier = new CarrierWriter({
      ...settings,
      mailHeader: header,
      messageId,
      author,
      senderName,
      recipient,
      sealedAt,
      expiresAt,
    });
    yield carrier.begin();
    yield carrier.written(sealer.begin());
    for await (const piece of seal.mail.content()) {
      for (let start = 0; start < piece.length; start += PIECE_BYTES) {
        const part = piece.subarray(start, start + PIECE_BYTES);
        yield carrier.written(sealer.update(part));
        await nextTurn();
      }
    }
    const lastLines = carrier.written(sealer.finish());
    await record(sealer);
    yield Buffer.concat([lastLines, carrier.finish()]);
  };
}

/** The organisation as this carrier shows it: subject and first words as the rule has them. */
export function profileFor(
  profile: OrganisationProfile,
  { carrierSubject, carrierText }: SealTerms,
  header: MailHeader,
  tags: readonly string[],
): OrganisationProfile {
  const organisation = { ...profile, carrierText: { ...profile.carrierText, ...carrierText } };
  if (carrierSubject === 'own') return organisation;
  const subject =
    carrierSubject === 'original' ? withoutTags(headerText(header.first('subject')), tags) : carrierSubject.text;
  if (subject === '') return organisation;
  return {
    ...organisation,
    carrierSubject: Object.fromEntries(organisation.locales.map((locale) => [locale, subject])),
  };
}

/** A tag asks for a treatment and means nothing to a reader. */
export function withoutTags(subject: string, tags: readonly string[]): string {
  let rest = subject;
  for (const tag of tags) {
    for (let at = rest.toLowerCase().indexOf(tag.toLowerCase()); at >= 0;) {
      rest = rest.slice(0, at) + rest.slice(at + tag.length);
      at = rest.toLowerCase().indexOf(tag.toLowerCase());
    }
  }
  return rest.replace(/\s+/g, ' ').trim();
}
