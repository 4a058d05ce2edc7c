import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toolPath } from '../../../ops/judges/tools.mjs';

/** Debian's testssl.sh, where it is here. */
export const TESTSSL = existsSync('/usr/bin/testssl') ? '/usr/bin/testssl' : null;
/** MDN's HTTP Observatory (ops/judges), where it was brought. */
export const OBSERVATORY = toolPath('scan.mjs');

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TERM: 'dumb', ...environment },
    });
    let [said, wrong] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (wrong += text.toString()));
    child.once('error', reject);
    // testssl.sh counts what it found in its exit code.
    child.once('exit', () => (said === '' ? reject(new Error(`${command} said nothing: ${wrong}`)) : resolve(said)));
  });
}

export interface Finding {
  readonly id: string;
  readonly severity: 'OK' | 'INFO' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' | 'WARN' | 'DEBUG' | 'FATAL';
  readonly finding: string;
}

/**
 * What testssl.sh says of protocols, kinds of ciphers and headers. Not of the certificate, which is a test's own, and not of each weakness that has a name
 * of its own: those of RC4, CBC, old protocols and compression are out of reach where none of these is offered, and the rest was seen by hand (ops/proxies/README.md).
 */
export async function testsslOf(port: number, place: string): Promise<Finding[]> {
  const file = join(place, 'testssl.json');
  const checks = ['--protocols', '--std', '--headers'];
  const options = ['--quiet', '--color', '0', '--warnings', 'off', '--ip', '127.0.0.1', '--jsonfile', file];
  await run(TESTSSL ?? 'testssl', [...checks, ...options, `localhost:${port}`]);
  // The one is about its own openssl.
  return (JSON.parse(await readFile(file, 'utf8')) as Finding[]).filter(({ id }) => id !== 'engine_problem');
}

export interface Verdict {
  readonly grade: string;
  readonly score: number;
  readonly testsPassed: number;
  readonly testsQuantity: number;
  readonly tests: Readonly<Record<string, { readonly pass: boolean; readonly result: string }>>;
}

/** @param certificate of the proxy, which the scanner is to trust */
export async function observatoryOf(port: number, certificate: string): Promise<Verdict> {
  const scan = OBSERVATORY ?? '';
  const text = await run(process.execPath, [join(dirname(scan), 'scan.mjs'), String(port)], {
    NODE_EXTRA_CA_CERTS: certificate,
  });
  return JSON.parse(text) as Verdict;
}
