import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes a Secret as the kubelet mounts one: each file a link to one in a directory that a change exchanges; its owner may not write
 * to it, the group may read.
 *
 * @param group of the pod (`fsGroup`); null: the test's own
 */
export function mountSecret(data: Readonly<Record<string, string>>, directory: string, group: number | null): void {
  const version = '..2026_12_01_01_00_00.1';
  mkdirSync(join(directory, version), { recursive: true, mode: 0o755 });
  symlinkSync(version, join(directory, '..data'));
  for (const [name, base64] of Object.entries(data)) {
    const file = join(directory, version, name);
    writeFileSync(file, Buffer.from(base64, 'base64'), { mode: 0o440 });
    if (group !== null) chownSync(file, 0, group);
    symlinkSync(join('..data', name), join(directory, name));
  }
}
