import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { SealingIdentity, SealingRecipient } from '#libs/keyring';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { encodeBech32 } from '#libs/vocabulary';
import { HybridIdentity } from '../format/age/hybrid.ts';
import { MailSealer } from '../format/mail-sealer.ts';
import type { Manifest, ManifestFacts, ManifestSigner, ManifestVerifier } from '../format/manifest.ts';
import type { SealedFacts } from '../format/open-sealed-mail.ts';

/** An organisation's keys as a keyring would give them, made for one test. */
export interface TestKeys {
  readonly recipient: SealingRecipient;
  readonly identity: SealingIdentity;
  readonly signer: ManifestSigner;
  /** Knows the signer's key and no other. */
  readonly verifierFor: (keyId: string) => ManifestVerifier | null;
}

/** @param version the number in both key ids */
export function testKeys(version = 1, seed: Uint8Array = randomBytes(32)): TestKeys {
  const identity = encodeBech32('age-secret-key-pq-', seed).toUpperCase();
  const manifestKey = generateKeyPairSync('ed25519');
  const keyId = `manifest-${version}`;
  return {
    recipient: { keyId: `sealing-${version}`, recipient: HybridIdentity.parse(identity).recipient() },
    identity: { keyId: `sealing-${version}`, identity },
    signer: { keyId, sign: (bytes) => sign(null, bytes, manifestKey.privateKey) },
    verifierFor: (asked) =>
      asked === keyId ? { verify: (bytes, signature) => verify(null, bytes, manifestKey.publicKey, signature) } : null,
  };
}

export const sampleFacts: ManifestFacts = {
  organisation: 'Østerå Kommune',
  sender: parseMailAddress('sagsbehandler@oesteraa.example'),
  recipient: parseMailAddress('anna.berg@example.com'),
  sealedAt: instantOf('2026-11-22T10:00:00.000Z'),
  expiresAt: instantOf('2027-02-20T10:00:00.000Z'),
};

export interface SealedSample {
  readonly ciphertext: Buffer;
  readonly manifest: Manifest;
  /** What MessageSealed would hold of it, in clear. */
  readonly recorded: SealedFacts & { readonly sealingKeyId: string };
  readonly sender: MailAddress;
  readonly recipient: MailAddress;
}

/** Seals a whole mail at once, fed in pieces of `pieceBytes`. */
export function sealSample(
  mail: Uint8Array,
  keys: TestKeys,
  facts: Partial<ManifestFacts> = {},
  pieceBytes = 1024 * 1024,
): SealedSample {
  const sealer = new MailSealer({
    recipient: keys.recipient,
    signer: keys.signer,
    facts: { ...sampleFacts, ...facts },
  });
  const parts = [Buffer.from(sealer.begin())]; // copied: a buffer of the sealer's is valid until its next call
  for (let i = 0; i < mail.length; i += pieceBytes) {
    parts.push(Buffer.from(sealer.update(mail.subarray(i, i + pieceBytes))));
  }
  parts.push(Buffer.from(sealer.finish()));
  const { manifest, sealingKeyId, messageId, headerSha256 } = sealer;
  const { organisation, sealedAt, expiresAt, sender, recipient, signingKeyId: manifestKeyId, policy, terms } = manifest;
  const recordedOfManifest = {
    messageId,
    headerSha256,
    organisation,
    sealedAt,
    expiresAt,
    manifestKeyId,
    sealingKeyId,
    ...(policy !== undefined && { policy }),
    ...(terms !== undefined && { terms }),
  };
  return {
    ciphertext: Buffer.concat(parts),
    manifest,
    recorded: { ...recordedOfManifest, ...sealer.digests() },
    sender,
    recipient,
  };
}

/** Bytes as they may come from a network: in pieces. */
export async function* inPieces(bytes: Uint8Array, pieceBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += pieceBytes) {
    await Promise.resolve();
    yield bytes.subarray(i, i + pieceBytes);
  }
}
