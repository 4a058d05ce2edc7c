import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { goModule } from '../judges/tools.mjs';

/** Releases that the chart is held against, by the OpenAPI document of each: the oldest that it is for, and those that are kept up. */
export const KUBERNETES = ['v1.30.14', 'v1.35.4', 'v1.36.3', 'v1.37.2'];

/** Kinds of others that the chart uses, in the modules that define them. */
const DEFINITIONS = [
  ['sigs.k8s.io/gateway-api@v1.4.1', 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  [
    'github.com/prometheus-operator/prometheus-operator@v0.87.1',
    'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
  ],
  [
    'github.com/prometheus-operator/prometheus-operator@v0.87.1',
    'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
  ],
] as const;

interface Schema {
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  oneOf?: unknown;
  'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** Where the definitions of those kinds are; null where Go cannot fetch them. */
export function customResourceDefinitions(): string[] | null {
  const files = DEFINITIONS.map(([module, file]) => {
    const place = goModule(module);
    return place === null ? null : join(place, file);
  });
  return files.every((file) => file !== null) ? files : null;
}

/**
 * Writes, as kubeconform reads them, a JSON schema for each kind of a Kubernetes release, that allows no field which is not
 * named, and one for each kind of others.
 * @returns false where Go cannot fetch them
 */
export function writeSchemas(release: string, directory: string): boolean {
  const place = goModule(`k8s.io/kubernetes@${release}`);
  const others = customResourceDefinitions();
  if (place === null || others === null) return false;
  mkdirSync(directory, { recursive: true });
  const { definitions } = JSON.parse(readFileSync(join(place, 'api', 'openapi-spec', 'swagger.json'), 'utf8')) as {
    definitions: Record<string, Schema>;
  };
  for (const [name, schema] of Object.entries(definitions)) {
    allowNothingElse(schema);
    if (name.endsWith('.intstr.IntOrString')) definitions[name] = { oneOf: [{ type: 'string' }, { type: 'integer' }] };
    if (name.endsWith('.resource.Quantity')) definitions[name] = { oneOf: [{ type: 'string' }, { type: 'number' }] };
  }
  writeFileSync(join(directory, 'definitions.json'), JSON.stringify({ definitions }));
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? [])
      writeFileSync(
        join(directory, fileOf(group, version, kind)),
        JSON.stringify({ $ref: `definitions.json#/definitions/${name}` }),
      );
  }
  for (const file of others) writeCustom(file, directory);
  return true;
}

function writeCustom(file: string, directory: string): void {
  const { spec } = parse(readFileSync(file, 'utf8')) as {
    spec: {
      group: string;
      names: { kind: string };
      versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
    };
  };
  for (const { name, schema } of spec.versions) {
    const whole = schema.openAPIV3Schema;
    allowNothingElse(whole);
    // Of metadata a definition says no more than that it is an object.
    if (whole.properties !== undefined) whole.properties['metadata'] = { type: 'object' };
    writeFileSync(join(directory, fileOf(spec.group, name, spec.names.kind)), JSON.stringify(whole));
  }
}

/** As kubeconform asks for it: `{{.ResourceKind}}{{.KindSuffix}}`. */
function fileOf(group: string, version: string, kind: string): string {
  const [first = ''] = group.split('.');
  return [kind, first, version]
    .filter((part) => part !== '')
    .join('-')
    .toLowerCase()
    .concat('.json');
}

/** In place, at every depth. */
function allowNothingElse(schema: Schema): void {
  if (schema.properties !== undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true)
    schema.additionalProperties ??= false;
  for (const inner of Object.values(schema)) {
    if (Array.isArray(inner)) inner.forEach(allowInside);
    else allowInside(inner);
  }
}

function allowInside(inner: unknown): void {
  if (typeof inner === 'object' && inner !== null) allowNothingElse(inner as Schema);
}
