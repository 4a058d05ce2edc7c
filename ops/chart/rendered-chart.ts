import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { LOOPBACK_CERTIFICATE } from '#libs/mail/testing';
import { toolPath } from '../judges/tools.mjs';
import { CHART } from './chart-page.ts';

/** Values files, each an installation that somebody could have. */
export const EXAMPLES = globSync(join(CHART, 'ci', '*.yaml')).map((path) => basename(path));

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { name: string; value: string }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: { readonly limits?: { memory?: string } };
  readonly volumeMounts?: readonly { name: string; mountPath: string }[];
}
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly (Readonly<Record<string, unknown>> & { name: string })[];
}
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>> & { readonly template?: { readonly spec: PodSpec } };
}

export const HELM = toolPath('helm');

/** @param args of helm template, beside release and chart */
export function render(...args: string[]): { readonly status: number; readonly text: string; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(HELM ?? 'helm', ['template', 'post', CHART, ...args], {
    encoding: 'utf8',
  });
  return { status: status ?? 1, text: stdout, said: stderr };
}

/** What Helm prints after an install of an example into the namespace `mail`. */
export function notesOf(name: string, ...args: string[]): string {
  const values = ['--namespace', 'mail', '--values', join(CHART, 'ci', name), ...args];
  const { status, stdout, stderr } = spawnSync(
    HELM ?? 'helm',
    ['install', 'post', CHART, '--dry-run=client', ...values],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.split('\nNOTES:\n')[1] ?? '';
}

export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

export function example(name: string): Manifest[] {
  const { status, text, said } = render('--values', join(CHART, 'ci', name));
  if (status !== 0) throw new Error(said);
  return manifestsOf(text);
}

/** Every pod there is, by the name of what makes it. */
export function podsOf(manifests: readonly Manifest[]): [string, PodSpec][] {
  return manifests.flatMap(({ kind, metadata, spec }): [string, PodSpec][] => {
    if (kind === 'Pod') return [[metadata.name, spec as unknown as PodSpec]];
    return spec?.template === undefined ? [] : [[metadata.name, spec.template.spec]];
  });
}

/** Writes what the pods of an installation find at /run, so that the appliance's own reader can be asked. */
export function asThePodReads(yaml: string): { readonly file: string; forget(): void } {
  const place = mkdtempSync(join(tmpdir(), 'segl-chart-'));
  let written = yaml;
  for (const [path] of yaml.matchAll(/\/run\/(?:secrets|stores|files)\/\S+|\/run\/segl\/event-store-credentials/g)) {
    const file = join(place, path.replaceAll('/', '-'));
    writeFileSync(file, contentOf(path), { mode: 0o600 });
    written = written.replaceAll(path, file);
  }
  const file = join(place, 'segl.yaml');
  writeFileSync(file, written);
  return { file, forget: () => rmSync(place, { recursive: true }) };
}

function contentOf(path: string): string {
  if (path.endsWith('.crt')) return LOOPBACK_CERTIFICATE.cert;
  return path.endsWith('.key') ? LOOPBACK_CERTIFICATE.key : 'x';
}

/** Text of a file of the chart. */
export function textOfChart(path: string): string {
  return readFileSync(join(CHART, path), 'utf8');
}
