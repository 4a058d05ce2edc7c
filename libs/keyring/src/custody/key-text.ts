import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { base64url, fromBase64url } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { ageIdentitySeed, ageRecipientOf, isAgeRecipient, newAgeIdentity } from './age-keys.ts';
import { FORM_OF, hasPublicFile } from './key-kinds.ts';
import type { KeyForm, KeyKind, KeyMaterial } from './key-kinds.ts';

/** AES-256, HMAC-SHA-256 and cookie signing: 256 bits each. */
const SECRET_BYTES = 32;
/** 128 bits of security (NIST SP 800-57 part 1, table 2), which is what is good beyond 2030. */
const NEW_RSA_BITS = 3072;
/** What every verifier takes, and a DNS record holds (RFC 8301 §3.2): a signature is only looked at while a mail is on its way. */
const NEW_DKIM_BITS = 2048;
/** What RS256 asks for (RFC 7518 §3.3). */
const MIN_RSA_BITS = 2048;

export interface KeyTexts {
  /** Content of `<kind>-<n>.key`. */
  readonly key: string;
  /** Content of `<kind>-<n>.pub`, where the kind has one. */
  readonly pub: string | null;
}

/** What is wrong with a key file, as the end of a sentence that begins with the file's name. Never holds any of its content. */
export class BadKeyText extends Error {}

/** A new key from the system's random numbers, as its files will hold it. */
export function makeKey(kind: KeyKind, createdAt: Instant): KeyTexts {
  const created = `# created: ${createdAt}\n`;
  const form = FORM_OF[kind];
  switch (form) {
    case 'age': {
      const identity = newAgeIdentity();
      const recipient = ageRecipientOf(ageIdentitySeed(identity) as Buffer);
      // The very lines of age-keygen: `age -d -i sealing-1.key` takes the file as it is.
      return { key: `${created}# public key: ${recipient}\n${identity}\n`, pub: `${created}${recipient}\n` };
    }
    case 'ed25519': {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      return { key: created + pkcs8(privateKey), pub: hasPublicFile(kind) ? created + spki(publicKey) : null };
    }
    case 'p256': {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { key: created + pkcs8(privateKey), pub: hasPublicFile(kind) ? created + spki(publicKey) : null };
    }
    case 'rsa': {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', {
        modulusLength: kind === 'dkim-rsa' ? NEW_DKIM_BITS : NEW_RSA_BITS,
      });
      return { key: created + pkcs8(privateKey), pub: hasPublicFile(kind) ? created + spki(publicKey) : null };
    }
    case 'secret':
      return { key: `${created}${base64url(randomBytes(SECRET_BYTES))}\n`, pub: null };
    default:
      return form satisfies never;
  }
}

/** Reads a key from its files, of which at least one is there. @throws BadKeyText */
export function readKey(
  kind: KeyKind,
  texts: { readonly key: string | null; readonly pub: string | null },
): KeyMaterial {
  const form: KeyForm = FORM_OF[kind];
  switch (form) {
    case 'age':
      return readAge(texts);
    case 'ed25519':
    case 'p256':
    case 'rsa':
      return { form, ...readPair(texts, form) };
    case 'secret': {
      const bytes = fromBase64url(contentOf(texts.key ?? ''));
      if (bytes?.length !== SECRET_BYTES) throw new BadKeyText('does not hold 32 bytes in base64url');
      return { form, bytes };
    }
    default:
      return form satisfies never;
  }
}

/** What `<kind>-<n>.pub` holds beside this `<kind>-<n>.key`; null for a kind without one. @throws BadKeyText */
export function publicTextOf(kind: KeyKind, key: string): string | null {
  if (!hasPublicFile(kind)) return null;
  const material = readKey(kind, { key, pub: null });
  const createdAt = createdAtOf(key);
  const created = createdAt === null ? '' : `# created: ${createdAt}\n`;
  switch (material.form) {
    case 'age':
      return `${created}${material.recipient}\n`;
    case 'ed25519':
    case 'p256':
    case 'rsa':
      return created + spki(material.publicKey);
    default:
      return null;
  }
}

/** The moment in the `# created:` line; null where there is none. */
export function createdAtOf(text: string): Instant | null {
  const [, moment] = /^# created: (\S{1,40})\s*$/m.exec(text) ?? [];
  const time = moment === undefined ? Number.NaN : Date.parse(moment);
  return Number.isNaN(time) ? null : (new Date(time).toISOString() as Instant);
}

function readAge({ key, pub }: { key: string | null; pub: string | null }): KeyMaterial {
  const recipient = pub === null ? null : contentOf(pub);
  if (recipient !== null && !isAgeRecipient(recipient))
    throw new BadKeyText('.pub does not hold one recipient age1pq1…');
  if (key === null) return { form: 'age', identity: null, recipient: recipient as string };
  const identity = contentOf(key);
  const seed = ageIdentitySeed(identity);
  if (seed === null) throw new BadKeyText('does not hold one hybrid identity AGE-SECRET-KEY-PQ-1…');
  const derived = ageRecipientOf(seed);
  seed.fill(0);
  if (recipient !== null && recipient !== derived) throw new BadKeyText('and its .pub are not halves of one key');
  return { form: 'age', identity, recipient: derived };
}

type PairForm = 'ed25519' | 'p256' | 'rsa';
const FORM_NAMES: Readonly<Record<PairForm, string>> = {
  ed25519: 'Ed25519',
  p256: 'P-256',
  rsa: `RSA of ${MIN_RSA_BITS} bits and more`,
};

function readPair(
  { key, pub }: { readonly key: string | null; readonly pub: string | null },
  form: PairForm,
): { privateKey: KeyObject | null; publicKey: KeyObject } {
  const publicKey = pub === null ? null : readPublicKey(pub, form);
  if (key === null) return { privateKey: null, publicKey: publicKey as KeyObject };
  const privateKey = readPrivateKey(key, form);
  const derived = createPublicKey(privateKey);
  if (publicKey !== null && !publicKey.equals(derived)) throw new BadKeyText('and its .pub are not halves of one key');
  return { privateKey, publicKey: derived };
}

function readPrivateKey(text: string, form: PairForm): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: 'pem' });
  } catch {
    throw new BadKeyText('does not hold a private key in PEM (PKCS#8)'); // OpenSSL's own words say less, and might quote
  }
  if (!isOfForm(key, form)) throw new BadKeyText(`does not hold a private key of the kind ${FORM_NAMES[form]}`);
  return key;
}

function isOfForm(key: KeyObject, form: PairForm): boolean {
  if (form === 'ed25519') return key.asymmetricKeyType === 'ed25519';
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (form === 'rsa') return key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS;
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

function readPublicKey(text: string, form: PairForm): KeyObject {
  try {
    if (text.includes('PRIVATE KEY')) throw new BadKeyText('');
    const key = createPublicKey({ key: text, format: 'pem' });
    if (isOfForm(key, form)) return key;
  } catch {
    // said below
  }
  throw new BadKeyText(`.pub does not hold a public key of the kind ${FORM_NAMES[form]} in PEM`);
}

/** The text without comments and blank lines. */
function contentOf(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .join('\n');
}

function pkcs8(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}

function spki(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }) as string;
}
