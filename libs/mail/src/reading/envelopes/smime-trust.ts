import { X509Certificate } from 'node:crypto';

/** Certificate authorities whose word for a name and an address is taken, as PEM; none unless the operator names some. */
export type TrustedAuthorities = readonly string[];

const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';
const ANY_USE = '2.5.29.37.0';
/** Between a signer and an authority; four are seen. */
const MAX_STEPS = 8;

/**
 * Whether one of the authorities stands behind a certificate (RFC 5280 §6.1, as far as this goes): each link is signed by the next, is of
 * the right kind and in time at that moment. Not looked at: revocation, which would ask somebody, and name constraints.
 * @param signer DER
 * @param others DER of certificates that came along, in any order
 */
export function isVouchedFor(
  signer: Uint8Array,
  others: readonly Uint8Array[],
  authorities: TrustedAuthorities,
  now = Date.now(),
): boolean {
  if (authorities.length === 0) return false;
  try {
    const roots = authorities.map((pem) => new X509Certificate(pem)).filter((root) => isInTime(root, now));
    const between = others.flatMap(certificateIn).filter((each) => each.ca && isInTime(each, now));
    let current = new X509Certificate(signer);
    if (!isInTime(current, now) || !isForMail(current)) return false;
    for (let step = 0; step < MAX_STEPS; step++) {
      if (roots.some((root) => isSame(root, current) || isIssuedBy(current, root))) return true;
      const next = between.find((each) => !isSame(each, current) && isIssuedBy(current, each));
      if (next === undefined) return false;
      current = next;
    }
  } catch {
    // what the platform cannot read, nobody vouches for
  }
  return false;
}

function certificateIn(der: Uint8Array): X509Certificate[] {
  try {
    return [new X509Certificate(der)];
  } catch {
    return []; // one of the others may still be good
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}

function isInTime({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}

/** Without extended key usage a certificate is for anything (RFC 5280 §4.2.1.12). */
function isForMail({ keyUsage: uses }: X509Certificate): boolean {
  return (uses as string[] | undefined) === undefined || uses.includes(EMAIL_PROTECTION) || uses.includes(ANY_USE);
}
