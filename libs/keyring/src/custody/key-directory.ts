import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { KEY_KINDS, OPTIONAL_KINDS, parseKeyId, parseKeyKind } from './key-kinds.ts';
import type { KeyId, KeyKind, LoadedKey, NamedKey, PublicHalf } from './key-kinds.ts';
import { BadKeyText, createdAtOf, readKey } from './key-text.ts';

/** What a role must find: a kind with its private half, or `<kind>.pub` where the public half is enough (and is all that is read). */
export type KeyRequirement = KeyKind | PublicHalf;

/** Present in a keyring whose keys protect nothing. */
export const DEMONSTRATION_MARK = 'DEMONSTRATION';
/** Left by a destroyed key, so that its version is never used again. */
export const DESTROYED_SUFFIX = '.destroyed';

/** Far over any key file there is. */
const MAX_KEY_FILE_BYTES = 64 * 1024;

export interface KeyDirectoryState {
  /** False: nothing is known of the keys, `faults` says why. */
  readonly isReadable: boolean;
  readonly isDemonstration: boolean;
  readonly keys: ReadonlyMap<KeyId, LoadedKey>;
  /** Keys whose files are there but cannot be used; each has its fault. */
  readonly brokenKeyIds: ReadonlySet<KeyId>;
  readonly destroyed: ReadonlyMap<KeyId, Instant | null>;
  /** In an operator's words, with what to do. Empty: all is well. */
  readonly faults: readonly string[];
}

/**
 * Everything there is to say about a keyring, faults and all; never throws. Synchronous, since it reads some twenty small
 * files of a local disk (well under 1 ms), which lets a key that was made a moment ago be found within the call that needs it.
 */
export function readKeyDirectory(
  directory: string,
  required: readonly KeyRequirement[],
  optional: readonly KeyKind[] = [],
): KeyDirectoryState {
  const reader = new DirectoryReader(directory, required, optional);
  return reader.read();
}

/** Changes whenever a file in the directory is added, removed, replaced or written, or its permissions change. */
export function fingerprintOf(directory: string): string {
  try {
    const lines = [directory, ...readdirSync(directory).map((name) => join(directory, name))].map((path) => {
      const { ino, size, mtimeNs, mode, uid } = statSync(path, { bigint: true });
      return `${path} ${ino} ${path === directory ? '' : `${size} ${mtimeNs}`} ${mode} ${uid}`;
    });
    return lines.join('\n');
  } catch (error) {
    return `unreadable ${codeOf(error)}`;
  }
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}

class DirectoryReader {
  private readonly directory: string;
  private readonly required: readonly KeyRequirement[];
  private readonly optional: readonly KeyKind[];
  private readonly faults: string[] = [];
  private readonly keys = new Map<KeyId, LoadedKey>();
  private readonly broken = new Set<KeyId>();
  private readonly destroyed = new Map<KeyId, Instant | null>();

  constructor(directory: string, required: readonly KeyRequirement[], optional: readonly KeyKind[]) {
    this.directory = directory;
    this.required = required;
    this.optional = optional;
  }

  read(): KeyDirectoryState {
    const names = this.listNames();
    if (names !== null) {
      this.readDestroyed(names);
      for (const named of this.namedKeys(names)) this.readKeyFiles(named, names);
      for (const requirement of this.required) this.checkRequirement(requirement);
    }
    return {
      isReadable: names !== null,
      isDemonstration: names?.has(DEMONSTRATION_MARK) ?? false,
      keys: this.keys,
      brokenKeyIds: this.broken,
      destroyed: this.destroyed,
      faults: this.faults,
    };
  }

  private listNames(): ReadonlySet<string> | null {
    const { directory } = this;
    try {
      const status = statSync(directory);
      if (!status.isDirectory()) {
        this.faults.push(
          `${directory} is not a directory: SEGL_KEYRING must name the directory that holds the key files`,
        );
        return null;
      }
      this.checkOwnerOnly(directory, status, '700');
      return new Set(readdirSync(directory));
    } catch (error) {
      const reason =
        codeOf(error) === 'ENOENT' ? 'there is no keyring' : `the keyring cannot be read (${codeOf(error)})`;
      this.faults.push(
        `${reason} at ${directory}: make one with "segl keys init --keyring ${shellWord(directory)}", or correct SEGL_KEYRING`,
      );
      return null;
    }
  }

  /** Only the kinds that the role needs are touched at all. */
  private namedKeys(names: ReadonlySet<string>): NamedKey[] {
    const found = new Map<KeyId, NamedKey>();
    for (const name of [...names].sort()) {
      const [, stem, ending] = /^([^.].*)\.(key|pub)$/.exec(name) ?? [];
      if (stem === undefined) continue;
      const named = parseKeyId(stem);
      if (named === null) {
        this.faults.push(
          `${join(this.directory, name)} is not named like a key (<kind>-<n>.key): move it out of the keyring`,
        );
      } else if (ending === 'pub' ? this.needsKind(named.kind) : this.needsPrivateHalf(named.kind)) {
        found.set(stem, named);
      }
    }
    return [...found.values()];
  }

  private readDestroyed(names: ReadonlySet<string>): void {
    for (const name of names) {
      const keyId = name.endsWith(DESTROYED_SUFFIX) ? name.slice(0, -DESTROYED_SUFFIX.length) : '';
      const named = parseKeyId(keyId);
      if (named === null) continue;
      this.destroyed.set(keyId, this.destroyedAt(name));
      if (names.has(`${keyId}.key`)) {
        this.faults.push(
          `${join(this.directory, `${keyId}.key`)} was being destroyed and is still there: finish with "segl keys destroy ${keyId}"`,
        );
      }
    }
  }

  private destroyedAt(name: string): Instant | null {
    try {
      const text = readFileSync(join(this.directory, name), 'utf8').replace('# destroyed:', '# created:');
      return createdAtOf(text);
    } catch {
      return null; // the mark alone counts
    }
  }

  private readKeyFiles({ keyId, kind, version }: NamedKey, names: ReadonlySet<string>): void {
    const isDestroyed = this.destroyed.has(keyId);
    const faultsBefore = this.faults.length;
    const key = this.needsPrivateHalf(kind) && !isDestroyed ? this.readFile(`${keyId}.key`, names) : null;
    const pub = this.readFile(`${keyId}.pub`, names);
    if (this.faults.length > faultsBefore) {
      this.broken.add(keyId);
      return;
    }
    if (key === null && pub === null) return;
    if (kind === 'sealing' && key === null && this.needsPrivateHalf(kind) && !isDestroyed) {
      this.faults.push(
        `${join(this.directory, `${keyId}.pub`)} has no ${keyId}.key beside it: what is sealed to it cannot be opened here; put the key back or take the .pub away`,
      );
      this.broken.add(keyId);
      return;
    }
    try {
      const material = readKey(kind, { key, pub });
      this.keys.set(keyId, { keyId, kind, version, createdAt: createdAtOf(key ?? pub ?? ''), material });
    } catch (error) {
      if (!(error instanceof BadKeyText)) throw error;
      const file = error.message.startsWith('.pub') ? `${keyId}${error.message}` : `${keyId}.key ${error.message}`;
      this.faults.push(`${join(this.directory, file)}: put the file back from its backup, or take it away`);
      this.broken.add(keyId);
    }
  }

  private readFile(name: string, names: ReadonlySet<string>): string | null {
    if (!names.has(name)) return null;
    const path = join(this.directory, name);
    try {
      const status = statSync(path);
      if (!status.isFile() || status.size > MAX_KEY_FILE_BYTES) {
        this.faults.push(`${path} is not a key file: move it out of the keyring`);
        return null;
      }
      this.checkOwnerOnly(path, status, '600');
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null; // destroyed between the listing and here
      this.faults.push(`${path} cannot be read (${codeOf(error)}): make it readable for the user that Segl runs as`);
      return null;
    }
  }

  private checkOwnerOnly(path: string, status: Stats, mode: string): void {
    const user = process.getuid?.();
    if (user === undefined) return; // Windows: no such permissions; development only
    if (status.uid !== user) {
      this.faults.push(
        `${path} belongs to user ${status.uid}, but this process runs as user ${user}: run it as that user, or "chown ${user} ${shellWord(path)}"`,
      );
    }
    if ((status.mode & 0o077) !== 0) {
      this.faults.push(
        `${path} is open to other users (mode ${(status.mode & 0o777).toString(8)}): "chmod ${mode} ${shellWord(path)}"`,
      );
    }
  }

  private checkRequirement(requirement: KeyRequirement): void {
    const kind = parseKeyKind(requirement);
    const wanted = kind ?? (requirement.slice(0, -'.pub'.length) as KeyKind);
    const isThere = [...this.keys.values()].some(
      ({ keyId, kind: found, material }) =>
        found === wanted && !this.destroyed.has(keyId) && (kind === null || hasPrivateHalf(material)),
    );
    const isFaultSaid = [...this.broken].some((keyId) => parseKeyId(keyId)?.kind === wanted);
    if (isThere || isFaultSaid) return;
    const file = kind === null ? `${wanted}-<n>.pub` : `${wanted}-<n>.key`;
    const remedy =
      kind === null
        ? `copy it from the keyring that has the key (where that has none: "segl keys rotate ${wanted}" there first)`
        : `make one with "segl keys rotate ${wanted}"`;
    this.faults.push(`${this.directory} has no ${wanted} key (${file}): ${remedy}`);
  }

  private needsKind(kind: KeyKind): boolean {
    return this.needsPrivateHalf(kind) || this.required.includes(`${kind}.pub` as PublicHalf);
  }

  private needsPrivateHalf(kind: KeyKind): boolean {
    return this.required.includes(kind) || this.optional.includes(kind);
  }
}

export function hasPrivateHalf(material: LoadedKey['material']): boolean {
  switch (material.form) {
    case 'age':
      return material.identity !== null;
    case 'ed25519':
    case 'p256':
    case 'rsa':
      return material.privateKey !== null;
    case 'secret':
      return true;
    default:
      return material satisfies never;
  }
}

/** What a process needs that does not say what it needs. */
export const DEFAULT_REQUIREMENTS: readonly KeyRequirement[] = KEY_KINDS.filter(
  (kind) => !OPTIONAL_KINDS.includes(kind),
);
