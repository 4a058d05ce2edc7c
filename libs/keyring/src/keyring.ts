import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Instant } from '#libs/vocabulary';
import { DEFAULT_REQUIREMENTS, fingerprintOf, readKeyDirectory } from './custody/key-directory.ts';
import type { KeyDirectoryState, KeyRequirement } from './custody/key-directory.ts';
import { OPTIONAL_KINDS } from './custody/key-kinds.ts';
import type { KeyId, KeyKind, LoadedKey } from './custody/key-kinds.ts';
import { listKeysOf } from './custody/key-listing.ts';
import type { KeyListing } from './custody/key-listing.ts';
import { KeyringFault } from './keyring-fault.ts';

export interface SealingRecipient {
  readonly keyId: KeyId;
  /** `age1pq1…`: mlkem768x25519, never another kind. */
  readonly recipient: string;
}

export interface SealingEpoch extends SealingRecipient {
  /** When the key was made, as its file says; null where it says nothing. */
  readonly createdAt: Instant | null;
  /** Whether its private half is here. */
  readonly isOpenedHere: boolean;
}

export interface SealingIdentity {
  readonly keyId: KeyId;
  /** `AGE-SECRET-KEY-PQ-1…` as in the key file. Secret. */
  readonly identity: string;
}

/** Ed25519 (RFC 8032). */
export interface KeyringSigner {
  readonly keyId: KeyId;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns 64 bytes */
  sign(bytes: Uint8Array): Uint8Array;
}

export interface KeyringVerifier {
  readonly keyId: KeyId;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** For DKIM (RFC 6376, RFC 8463). */
export interface DkimKeyPair {
  readonly keyId: KeyId;
  readonly form: 'rsa' | 'ed25519';
  readonly version: number;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** 32 secret bytes for a symmetric algorithm. Ask anew for each use, so that a destroyed key goes out of use. */
export interface KeyringSecret {
  readonly keyId: KeyId;
  readonly bytes: Uint8Array;
}

export interface KeyringOptions {
  /** Whether this process is a demonstration: it takes marked keyrings only, and any other process unmarked ones only. */
  readonly demonstration: boolean;
  /**
   * What must be there, and all that is read. Default: every kind with its private half, of which only `ephemeral` may be missing.
   */
  readonly kinds?: readonly KeyRequirement[];
  /** Beside `kinds`: read where they are there, and not missed where they are not. */
  readonly kindsIfThere?: readonly KeyKind[];
  /** How often to look for changes. Default 1000. */
  readonly followIntervalMs?: number;
  /** Called when what is wrong with the directory changes while it is followed; with none once it is in order again. */
  readonly onFault?: (faults: readonly string[]) => void;
}

const DEFAULT_FOLLOW_INTERVAL_MS = 1000;

/** What was found out of one state of the directory: each request asks several times, and another state comes every few months. */
interface Found {
  readonly byKind: Map<KeyKind, readonly LoadedKey[]>;
  list: readonly KeyListing[] | null;
}

/**
 * The keys of a directory, followed as it changes: a new version is used, and a destroyed one is gone, within
 * `followIntervalMs`. The newest version of a kind is the current one; older ones open and verify until they are destroyed.
 * A file that turns bad while the process runs keeps the key that was read from it, and is reported.
 */
export class Keyring {
  readonly directory: string;
  private readonly options: KeyringOptions;
  private state: KeyDirectoryState;
  private fingerprint: string;
  private timer: NodeJS.Timeout | null = null;
  private found: Found = nothingFoundYet();

  private constructor(directory: string, options: KeyringOptions, state: KeyDirectoryState, fingerprint: string) {
    this.directory = directory;
    this.options = options;
    this.state = state;
    this.fingerprint = fingerprint;
  }

  /**
   * Reads and checks everything: owner-only permissions, names, contents, both halves of a pair, kinds complete, and that
   * demonstration and production do not mix. The keyring must be closed by whoever opened it.
   * @throws KeyringFault with every fault at once
   */
  static async open(directory: string, options: KeyringOptions): Promise<Keyring> {
    const fingerprint = fingerprintOf(directory);
    const state = readRequired(directory, options);
    const faults = faultsOf(directory, state, options);
    if (faults.length > 0) throw new KeyringFault(faults);
    const keyring = new Keyring(directory, options, state, fingerprint);
    keyring.timer = setInterval(() => keyring.refresh(), options.followIntervalMs ?? DEFAULT_FOLLOW_INTERVAL_MS);
    keyring.timer.unref(); // following a directory never keeps a process alive
    return keyring;
  }

  get isDemonstration(): boolean {
    return this.state.isDemonstration;
  }

  /** What is wrong with the directory now; empty when it is in order. For /readyz and `segl doctor`. */
  faults(): readonly string[] {
    return this.state.faults;
  }

  /** The newest epoch; works with the public half alone. @throws KeyringFault when there is none any more */
  sealingRecipient(): SealingRecipient {
    const [newest] = this.sealingEpochs();
    if (newest === undefined) throw this.none('sealing');
    return newest;
  }

  /** Every epoch that is not destroyed, newest first; works with the public halves alone. May be empty. */
  sealingEpochs(): readonly SealingEpoch[] {
    return this.keysOf('sealing').flatMap(({ keyId, createdAt, material }) =>
      material.form === 'age'
        ? [{ keyId, createdAt, recipient: material.recipient, isOpenedHere: material.identity !== null }]
        : [],
    );
  }

  /** Null when this keyring has no such identity: destroyed, never made, or only its public half is here. */
  sealingIdentity(keyId: KeyId): SealingIdentity | null {
    const material = this.find(keyId, 'sealing')?.material;
    if (material?.form !== 'age' || material.identity === null) return null;
    const known = identities.get(material) ?? { keyId, identity: material.identity };
    identities.set(material, known);
    return known;
  }

  /** The current manifest key. @throws KeyringFault when there is none any more */
  manifestSigner(): KeyringSigner {
    return this.signer('manifest');
  }

  /** Verifies with the public half, which outlives the destruction of the private one. Null when neither is here. */
  manifestVerifier(keyId: KeyId): KeyringVerifier | null {
    return this.verifier(keyId, 'manifest');
  }

  /** The current ledger key. @throws KeyringFault when there is none any more */
  ledgerSigner(): KeyringSigner {
    return this.signer('ledger');
  }

  /** Every ledger key whose public half is here, newest first: what signed this log's checkpoints so far. */
  ledgerVerifiers(): readonly KeyringVerifier[] {
    return [...this.state.keys.values()]
      .filter(({ kind }) => kind === 'ledger')
      .sort((a, b) => b.version - a.version)
      .flatMap(({ keyId }) => this.ledgerVerifier(keyId) ?? []);
  }

  ledgerVerifier(keyId: KeyId): KeyringVerifier | null {
    return this.verifier(keyId, 'ledger');
  }

  /** P-256 private keys for ES256, newest first: sign with the first, publish all. */
  oidcKeys(): readonly { readonly keyId: KeyId; readonly privateKey: KeyObject }[] {
    return this.keysOf('oidc').flatMap(({ keyId, material }) =>
      material.form === 'p256' && material.privateKey !== null ? [{ keyId, privateKey: material.privateKey }] : [],
    );
  }

  /** RSA private keys of 2048 bits and more for RS256, newest first. Empty where the keyring has none. */
  oidcRsaKeys(): readonly { readonly keyId: KeyId; readonly privateKey: KeyObject }[] {
    return this.keysOf('oidc-rsa').flatMap(({ keyId, material }) =>
      material.form === 'rsa' && material.privateKey !== null ? [{ keyId, privateKey: material.privateKey }] : [],
    );
  }

  /**
   * What verifies that which `oidcKeys` sign, newest first; works with the public halves alone. Destroyed keys verify nothing
   * any more, so they are not among them. May be empty.
   */
  oidcPublicKeys(): readonly { readonly keyId: KeyId; readonly publicKey: KeyObject }[] {
    return this.keysOf('oidc').flatMap(({ keyId, material }) =>
      material.form === 'p256' ? [{ keyId, publicKey: material.publicKey }] : [],
    );
  }

  /** Every key there is to sign mail with for a domain, of both kinds; may be empty. Which of them signs is by its version. */
  dkimKeys(): readonly DkimKeyPair[] {
    return (['dkim-eddsa', 'dkim-rsa'] as const).flatMap((kind) =>
      this.keysOf(kind).flatMap(({ keyId, version, material }) =>
        (material.form === 'rsa' || material.form === 'ed25519') && material.privateKey !== null
          ? [{ keyId, form: material.form, version, privateKey: material.privateKey, publicKey: material.publicKey }]
          : [],
      ),
    );
  }

  /** Newest first: make addresses with the first, know all. @throws KeyringFault when the keyring has none */
  bounceKeys(): readonly KeyringSecret[] {
    return this.secretsOf('bounces');
  }

  /** Newest first, 32 bytes each: sign with the first, accept all. */
  cookieKeys(): readonly Uint8Array[] {
    return this.cookieSecrets().map(({ bytes }) => bytes);
  }

  /** The same with their names: portals and consoles have them, and nobody else. */
  cookieSecrets(): readonly KeyringSecret[] {
    return this.secretsOf('cookies');
  }

  /**
   * Newest first, 32 bytes each: encrypt what expires with the first, open with all. Ask anew for each use.
   * @throws KeyringFault  when the keyring has none: only a role that asks for the kind `ephemeral` can rely on it
   */
  ephemeralKeys(): readonly Uint8Array[] {
    return this.secretsOf('ephemeral').map(({ bytes }) => bytes);
  }

  /** Newest first: wrap with the first. */
  personWrappingKeys(): readonly KeyringSecret[] {
    return this.secretsOf('person-wrapping');
  }

  personWrappingKey(keyId: KeyId): KeyringSecret | null {
    return secretOf(this.find(keyId, 'person-wrapping'));
  }

  /** Newest first: look up under all. */
  personIndexKeys(): readonly KeyringSecret[] {
    return this.secretsOf('person-index');
  }

  /** Every key of the kinds that this keyring was opened for, by kind, newest first, destroyed ones included. */
  list(): readonly KeyListing[] {
    return (this.found.list ??= listKeysOf(this.state));
  }

  /** Looks at the directory now instead of at the next interval. Never throws: see `onFault`. */
  refresh(): void {
    const fingerprint = fingerprintOf(this.directory);
    if (fingerprint === this.fingerprint) return;
    const before = this.state;
    const found = readRequired(this.directory, this.options);
    const faults = faultsOf(this.directory, found, this.options);
    // A directory that cannot be read, or has become another one, takes no key away: only a key's own absence does.
    const isOurs = found.isReadable && found.isDemonstration === before.isDemonstration;
    const keys = new Map((isOurs ? found : before).keys);
    for (const keyId of isOurs ? found.brokenKeyIds : []) {
      const lastGood = before.keys.get(keyId);
      if (lastGood !== undefined && !found.destroyed.has(keyId)) keys.set(keyId, lastGood);
    }
    this.become({ ...(isOurs ? found : before), keys, faults });
    this.fingerprint = fingerprint;
    if (faults.join('\n') !== before.faults.join('\n')) this.options.onFault?.(faults);
  }

  /** Stops following and forgets the keys. May be called twice. */
  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    // Not zeroed: whoever still holds such bytes would go on working with a key that everybody knows.
    this.become({ ...this.state, keys: new Map() });
  }

  private keysOf(kind: KeyKind): readonly LoadedKey[] {
    let keys = this.found.byKind.get(kind);
    if (keys === undefined) {
      keys = [...this.state.keys.values()]
        .filter((key) => key.kind === kind && !this.state.destroyed.has(key.keyId))
        .sort((a, b) => b.version - a.version);
      this.found.byKind.set(kind, keys);
    }
    return keys;
  }

  /** What was found out of the state before goes with it: a destroyed key stays nowhere. */
  private become(state: KeyDirectoryState): void {
    this.state = state;
    this.found = nothingFoundYet();
  }

  private secretsOf(kind: KeyKind): KeyringSecret[] {
    const secrets = this.keysOf(kind)
      .map(secretOf)
      .filter((secret) => secret !== null);
    if (secrets.length === 0) throw this.none(kind);
    return secrets;
  }

  private find(keyId: KeyId, kind: KeyKind): LoadedKey | null {
    // Another process may have made and used it before our next look. Key ids come from our own records, not from visitors.
    if (!this.state.keys.has(keyId) && this.timer !== null) this.refresh();
    const key = this.state.keys.get(keyId);
    return key?.kind === kind ? key : null;
  }

  private signer(kind: 'manifest' | 'ledger'): KeyringSigner {
    for (const { keyId, material } of this.keysOf(kind)) {
      if (material.form !== 'ed25519' || material.privateKey === null) continue;
      const { privateKey, publicKey } = material;
      return { keyId, publicKey: rawEd25519(publicKey), sign: (bytes) => sign(null, bytes, privateKey) };
    }
    throw this.none(kind);
  }

  private verifier(keyId: KeyId, kind: 'manifest' | 'ledger'): KeyringVerifier | null {
    const material = this.find(keyId, kind)?.material;
    if (material?.form !== 'ed25519') return null;
    const { publicKey } = material;
    return {
      keyId,
      publicKey: rawEd25519(publicKey),
      verify: (bytes, signature) => signature.length === 64 && verify(null, bytes, publicKey, signature),
    };
  }

  private none(kind: KeyKind): KeyringFault {
    const remedy = OPTIONAL_KINDS.includes(kind) ? `: make one with "segl keys rotate ${kind}"` : '';
    return new KeyringFault([`the keyring at ${this.directory} has no usable ${kind} key${remedy}`]);
  }
}

function nothingFoundYet(): Found {
  return { byKind: new Map(), list: null };
}

function readRequired(directory: string, { kinds, kindsIfThere = [] }: KeyringOptions): KeyDirectoryState {
  return kinds === undefined
    ? readKeyDirectory(directory, DEFAULT_REQUIREMENTS, OPTIONAL_KINDS)
    : readKeyDirectory(directory, kinds, kindsIfThere);
}

function faultsOf(directory: string, state: KeyDirectoryState, { demonstration }: KeyringOptions): string[] {
  const faults = [...state.faults];
  if (state.isDemonstration && !demonstration) {
    faults.unshift(
      `the keyring at ${directory} is marked DEMONSTRATION, its keys protect nothing: make one of your own with "segl keys init --keyring <directory>"`,
    );
  }
  const isThere = state.keys.size + state.brokenKeyIds.size > 0;
  if (demonstration && !state.isDemonstration && isThere) {
    faults.unshift(`the keyring at ${directory} is a production keyring: a demonstration never uses one`);
  }
  return faults;
}

function secretOf(key: LoadedKey | null): KeyringSecret | null {
  return key?.material.form === 'secret' ? { keyId: key.keyId, bytes: key.material.bytes } : null;
}

/** The very same object as long as the keyring holds the key: what was made of it may be kept with it, and goes with it. */
const identities = new WeakMap<object, SealingIdentity>();

/** As long as the keyring holds the key: to write it out takes OpenSSL longer than to sign with it. */
const rawKeys = new WeakMap<KeyObject, Uint8Array>();

/** The last 32 bytes of an SPKI document (RFC 8410 §4). */
function rawEd25519(key: KeyObject): Uint8Array {
  let raw = rawKeys.get(key);
  if (raw === undefined) rawKeys.set(key, (raw = key.export({ format: 'der', type: 'spki' }).subarray(-32)));
  return raw;
}
