import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** docker-compose.yml and the Containerfile, read strictly: a key or instruction that is not known here is a fault, as a typo would be. */

export const ROOT = join(import.meta.dirname, '../../..');

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

const names = z.array(z.string());
const scalars = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const grant = z.union([z.string(), z.strictObject({ source: z.string(), target: z.string() })]);
const seconds = z.string().regex(/^\d+s$/);
const bytes = z.string().regex(/^\d+[mg]$/);

const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: names.refine(([kind]) => kind === 'CMD' || kind === 'CMD-SHELL'),
    interval: seconds,
    timeout: seconds,
    start_period: seconds.optional(),
    retries: z.number(),
  }),
]);

const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  user: z.string().optional(),
  command: names.optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }))
    .default({}),
  healthcheck,
  networks: z
    .union([
      names.transform((list) => Object.fromEntries(list.map((name) => [name, {}]))),
      z.record(z.string(), z.strictObject({ ipv4_address: z.string() })),
    ])
    .default({}),
  network_mode: z.literal('none').optional(),
  ports: names.default([]),
  volumes: names.default([]),
  tmpfs: names.default([]),
  configs: z.array(grant).default([]),
  secrets: z.array(grant).default([]),
  restart: z.enum(['unless-stopped', 'no']),
  init: z.boolean(),
  read_only: z.boolean(),
  cap_drop: names,
  cap_add: names.default([]),
  security_opt: names,
  pids_limit: z.number(),
  ulimits: z.record(z.string(), z.number()),
  mem_limit: bytes,
  memswap_limit: bytes,
  mem_swappiness: z.number(),
  shm_size: bytes.optional(),
  stop_grace_period: seconds.optional(),
  logging: z.strictObject({ driver: z.string(), options: scalars }),
});
export type ComposeService = z.output<typeof service>;

const compose = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.null()),
  configs: z.record(z.string(), z.strictObject({ file: z.string() })),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});
export type ComposeFile = z.output<typeof compose>;

/** Merge keys followed, `x-…` taken away, `${NAME:-default}` replaced by its default, `$$` by `$`, as Compose does. */
export function readCompose(text: string): ComposeFile {
  const raw = parse(text, { merge: true }) as Record<string, unknown>;
  const own = Object.fromEntries(Object.entries(raw).filter(([name]) => !name.startsWith('x-')));
  return compose.parse(interpolated(own));
}

function interpolated(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\$|\$\{[A-Z_]+:-([^}]*)\}|\$\{?\w*\}?/g, (found, byDefault?: string) => {
      if (found === '$$') return '$';
      if (byDefault === undefined) throw new Error(`${found} has no default`);
      return byDefault;
    });
  }
  if (Array.isArray(value)) return value.map(interpolated);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, interpolated(member)]));
}

export interface Instruction {
  readonly name: string;
  readonly rest: string;
  /** 0 for the first stage. */
  readonly stage: number;
}

const INSTRUCTIONS = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);

/** @throws for an instruction that there is none of */
export function readContainerfile(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  let stage = -1;
  return lines.map((line) => {
    const [name = '', rest = ''] = line.split(/ (.*)/s);
    if (!INSTRUCTIONS.has(name)) throw new Error(`no instruction: ${line}`);
    if (name === 'FROM') stage++;
    return { name, rest: rest.trim(), stage };
  });
}

/** What an image or a container may be called by: an exact version, which is not moved to the next one. */
export function isPinned(image: string): boolean {
  return /:v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?$/.test(image);
}

/** What an image's build may see of the repository. Later lines win; `*` stands for one level, `**` for any. */
export function isLetThrough(path: string, ignoreFile: string): boolean {
  let isIn = true;
  for (const line of ignoreFile.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '').replace(/[.+^$()]/g, '\\$&');
    const regex = pattern.replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(.*/)?'));
    if (new RegExp(`^${regex}(/.*)?$`).test(path)) isIn = line.startsWith('!');
  }
  return isIn;
}
