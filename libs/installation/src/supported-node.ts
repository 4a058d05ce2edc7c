import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** As EXIT_CONFIGURATION, which stands where an old Node cannot load it. */
const EXIT_WRONG_NODE = 78;

interface Engines {
  readonly engines: { readonly node: string };
}

/**
 * Ends the process with one sentence where this Node is too old, in place of a stack trace about a module that it lacks. Called by the
 * programs before they load anything else, so this file imports nothing of ours.
 */
export function refuseOldNode(): void {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('#package.json'));
  const bundled = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const { engines } = require('#package.json') as Engines;
  const fault = nodeFault(process.versions.node, engines.node, existsSync(bundled) ? bundled : null);
  if (fault === null) return;
  process.stderr.write(`segl: ${fault}\n`);
  process.exit(EXIT_WRONG_NODE);
}

/**
 * @param wanted of package.json: `>=24.15`
 * @param bundled the Node that came with the lockfile, where it did
 * @returns null where the version is new enough
 */
export function nodeFault(version: string, wanted: string, bundled: string | null): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.replace(/^>=/, '').split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  const remedy =
    bundled === null
      ? 'install it, or run "npm ci", which brings the one of the lockfile'
      : `the one of the lockfile is ${bundled}, and "npx segl serve" starts on it`;
  return `this is Node ${version}, and Segl needs ${wanted.replace(/^>=/, '')} or newer: ${remedy}`;
}
