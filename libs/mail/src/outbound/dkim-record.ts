import type { KeyObject } from 'node:crypto';

/** The TXT record of a public key, RSA or Ed25519, at `<selector>._domainkey.<domain>` (RFC 6376 §3.6.1, RFC 8463 §4). */
export function dkimRecord(publicKey: KeyObject): string {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return publicKey.asymmetricKeyType === 'ed25519'
    ? `v=DKIM1; k=ed25519; p=${spki.subarray(-32).toString('base64')}`
    : `v=DKIM1; k=rsa; p=${spki.toString('base64')}`;
}

/** As a zone file holds it: strings of at most 255 octets, which a resolver joins (RFC 6376 §3.6.2.2). */
export function asZoneText(record: string): string {
  return (record.match(/.{1,250}/g) ?? []).map((part) => `"${part}"`).join(' ');
}
