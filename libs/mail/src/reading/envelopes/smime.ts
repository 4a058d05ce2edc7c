import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { OctetString } from 'asn1js';
import { Certificate, ContentInfo, IssuerAndSerialNumber, SignedData } from 'pkijs';
import type { RelativeDistinguishedNames, SignerInfo } from 'pkijs';
import { oneLine } from '../../syntax/header-text.ts';
import type { SignedContent } from './explanation.ts';
import { isVouchedFor } from './smime-trust.ts';
import type { TrustedAuthorities } from './smime-trust.ts';

const SIGNED = '1.2.840.113549.1.7.2';
const ENVELOPED = new Set(['1.2.840.113549.1.7.3', '1.2.840.113549.1.9.16.1.23']);
const COMMON_NAME = '2.5.4.3';
const EMAIL = '1.2.840.113549.1.9.1';
const ORGANISATION = '2.5.4.10';
const RFC822_NAME = 1;
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SUBJECT_KEY_ID = '2.5.29.14';
/** What is still good for a signature: MD5 and SHA-1 are not, and such a signature counts as unchecked. */
const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const MAX_CERTIFICATES = 50;
const MAX_SIGNERS = 5;
const MAX_ADDRESSES = 5;

export type Smime =
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'signed'; readonly content: Buffer; readonly explanation: SignedContent };

/** A CMS object (RFC 5652). @returns null for what is none, or holds nothing to show, such as certificates alone */
export function readSmime(bytes: Buffer, authorities: TrustedAuthorities): Smime | null {
  try {
    const info = ContentInfo.fromBER(Uint8Array.from(bytes).buffer);
    if (ENVELOPED.has(info.contentType)) return { kind: 'encrypted' };
    if (info.contentType !== SIGNED) return null;
    const signed = new SignedData({ schema: info.content });
    const value = signed.encapContentInfo.eContent?.getValue();
    if (value === undefined) return null;
    const content = Buffer.from(value);
    return { kind: 'signed', content, explanation: signatureOf(signed, content, authorities) };
  } catch {
    return null; // not ASN.1, or not as the standard has it
  }
}

/**
 * A signature that stands beside what it is of (RFC 8551 §3.5.3).
 * @param part what was signed, with its header, as it lies in the mail; line ends count as CRLF
 * @returns null for what is no signature
 */
export function detachedSignature(bytes: Buffer, part: Buffer, authorities: TrustedAuthorities): SignedContent | null {
  try {
    const info = ContentInfo.fromBER(Uint8Array.from(bytes).buffer);
    if (info.contentType !== SIGNED) return null;
    return signatureOf(new SignedData({ schema: info.content }), withCrLf(part), authorities);
  } catch {
    return null;
  }
}

function withCrLf(part: Buffer): Buffer {
  const text = part.toString('latin1');
  return /(?:^|[^\r])\n/.test(text) ? Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1') : part;
}

/** Every signer must be right for the whole to be. */
function signatureOf(signed: SignedData, content: Buffer, authorities: TrustedAuthorities): SignedContent {
  const signers = signed.signerInfos.slice(0, MAX_SIGNERS);
  let signature: SignedContent['signature'] = signers.length === 0 ? 'unchecked' : 'valid';
  let certificate: Certificate | null = null;
  let isTrusted = true;
  for (const signer of signers) {
    if (signature !== 'valid') break;
    const own = certificateOf(signer, signed);
    certificate ??= own;
    signature = own === null ? 'unchecked' : checked(signer, own, content);
    isTrusted &&= own !== null && isVouchedFor(derOf(own), othersIn(signed), authorities);
  }
  return {
    kind: 'smime-signed',
    signature,
    isTrusted: signature === 'valid' && isTrusted,
    signer: certificate ? nameIn(certificate.subject) : '',
    addresses: certificate ? addressesOf(certificate) : [],
    issuer: certificate ? nameIn(certificate.issuer) : '',
  };
}

function derOf(certificate: Certificate): Uint8Array {
  return new Uint8Array(certificate.toSchema(true).toBER());
}

function othersIn({ certificates = [] }: SignedData): Uint8Array[] {
  return certificates
    .slice(0, MAX_CERTIFICATES)
    .filter((each) => each instanceof Certificate)
    .map(derOf);
}

function certificateOf({ sid }: SignerInfo, { certificates = [] }: SignedData): Certificate | null {
  const found = certificates.slice(0, MAX_CERTIFICATES).find((each) => {
    if (!(each instanceof Certificate)) return false;
    if (sid instanceof IssuerAndSerialNumber)
      return each.issuer.isEqual(sid.issuer) && each.serialNumber.isEqual(sid.serialNumber);
    const keyId = each.extensions?.find(({ extnID }) => extnID === SUBJECT_KEY_ID)?.parsedValue as unknown;
    return keyId instanceof OctetString && sid instanceof OctetString && keyId.isEqual(sid);
  });
  return found instanceof Certificate ? found : null;
}

/** RFC 5652 §5.6: the digest of the content stands in the signed attributes, and these are what is signed; without any, it is the content. */
function checked(signer: SignerInfo, certificate: Certificate, content: Buffer): SignedContent['signature'] {
  const hash = HASHES[signer.digestAlgorithm.algorithmId];
  const padding = paddingOf(signer.signatureAlgorithm.algorithmId);
  if (hash === undefined || padding === null) return 'unchecked';
  const { signedAttrs } = signer;
  const stated = signedAttrs?.attributes.find(({ type }) => type === MESSAGE_DIGEST)?.values[0] as unknown;
  if (signedAttrs) {
    if (!(stated instanceof OctetString)) return 'invalid';
    if (!createHash(hash).update(content).digest().equals(Buffer.from(stated.getValue()))) return 'invalid';
  }
  const spki = Buffer.from(certificate.subjectPublicKeyInfo.toSchema().toBER());
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const data = signedAttrs ? Buffer.from(signedAttrs.encodedValue) : content;
    const isRight = verify(hash, data, { key, ...padding }, Buffer.from(signer.signature.getValue()));
    return isRight ? 'valid' : 'invalid';
  } catch {
    return 'unchecked'; // a key of a kind or form that the platform does not know
  }
}

/** @returns null for an algorithm that is not known here */
function paddingOf(algorithm: string): { padding?: number; saltLength?: number } | null {
  if (algorithm === '1.2.840.113549.1.1.10')
    return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  if (algorithm.startsWith('1.2.840.113549.1.1.')) return { padding: constants.RSA_PKCS1_PADDING };
  return algorithm.startsWith('1.2.840.10045.4.3.') ? {} : null;
}

function nameIn(name: RelativeDistinguishedNames): string {
  const valueOf = (type: string): string => {
    const found = name.typesAndValues.find((each) => each.type === type)?.value.valueBlock as
      { value?: unknown } | undefined;
    return typeof found?.value === 'string' ? oneLine(found.value).slice(0, 200) : '';
  };
  return valueOf(COMMON_NAME) || valueOf(ORGANISATION) || valueOf(EMAIL);
}

function addressesOf(certificate: Certificate): string[] {
  const alternatives = certificate.extensions?.find(({ extnID }) => extnID === '2.5.29.17')?.parsedValue as
    { altNames?: { type: number; value: unknown }[] } | undefined;
  const found = (alternatives?.altNames ?? [])
    .filter(({ type, value }) => type === RFC822_NAME && typeof value === 'string')
    .map(({ value }) => oneLine(value as string).slice(0, 254));
  const named = certificate.subject.typesAndValues
    .filter(({ type }) => type === EMAIL)
    .map(({ value }) => oneLine(String((value.valueBlock as { value?: unknown }).value ?? '')).slice(0, 254));
  return [...new Set([...found, ...named])].filter((address) => address !== '').slice(0, MAX_ADDRESSES);
}
