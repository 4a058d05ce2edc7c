import { webcrypto, X509Certificate } from 'node:crypto';
import { BitString, Integer, Utf8String } from 'asn1js';
import { AttributeTypeAndValue, BasicConstraints, Certificate, Extension, GeneralName, GeneralNames } from 'pkijs';

/** A certificate for tests and its key, both PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
  /** SHA-256, in hex without colons. */
  readonly fingerprint: string;
}

interface CertificateAsked {
  /** DNS name, also the common name. */
  readonly name: string;
  /** None: it signs itself. */
  readonly issuer?: MadeCertificate & { readonly name: string };
  readonly isAuthority?: boolean;
  readonly days?: number;
}

const DNS_NAME = 2;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const DAY_MILLISECONDS = 86_400_000;
let serial = 1;

export async function makeCertificate({
  name,
  issuer,
  isAuthority = false,
  days = 30,
}: CertificateAsked): Promise<MadeCertificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ value: serial++ });
  certificate.subject.typesAndValues.push(commonName(name));
  certificate.issuer.typesAndValues.push(commonName(issuer?.name ?? name));
  certificate.notBefore.value = new Date(Date.now() - DAY_MILLISECONDS);
  certificate.notAfter.value = new Date(Date.now() + days * DAY_MILLISECONDS);
  const names = new GeneralNames({ names: [new GeneralName({ type: DNS_NAME, value: name })] });
  certificate.extensions = [
    new Extension({
      extnID: '2.5.29.19',
      critical: true,
      extnValue: new BasicConstraints({ cA: isAuthority }).toSchema().toBER(),
    }),
    new Extension({ extnID: '2.5.29.17', extnValue: names.toSchema().toBER() }),
    ...(isAuthority ? [mayIssue()] : []),
  ];
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(issuer === undefined ? keys.privateKey : await signingKey(issuer.key), 'SHA-256');
  const der = Buffer.from(certificate.toSchema().toBER());
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const made = new X509Certificate(der);
  return {
    cert: made.toString(),
    key: pemOf('PRIVATE KEY', key),
    fingerprint: made.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function commonName(name: string): AttributeTypeAndValue {
  return new AttributeTypeAndValue({ type: '2.5.4.3', value: new Utf8String({ value: name }) });
}

/** keyCertSign, RFC 5280 §4.2.1.3. */
function mayIssue(): Extension {
  const bits = new BitString({ valueHex: Uint8Array.of(0b0000_0100).buffer, unusedBits: 2 });
  return new Extension({ extnID: '2.5.29.15', critical: true, extnValue: bits.toBER() });
}

async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', Uint8Array.from(der), ALGORITHM, false, ['sign']);
}

function pemOf(kind: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ''].join('\n');
}
