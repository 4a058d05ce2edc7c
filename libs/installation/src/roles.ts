import type { KeyKind, KeyRequirement } from '#libs/keyring';

/** What one process does. All of them by default: an appliance on one machine. */
export const ROLES = ['portal', 'gateway', 'console'] as const;
export type Role = (typeof ROLES)[number];

/** What a role may need to be opened for it. The clock, the keyring, the event store and the metrics are there in every process. */
export type Part =
  | 'personDirectory'
  | 'ephemeralStore'
  /** The way out: code mails by the portal, carriers by the gateway. */
  | 'relay'
  /** Carriers on disk until the relay has taken them. */
  | 'outbox'
  /** Threads that turn mail into what a page can show. */
  | 'mailReader'
  /** Counts of visits. */
  | 'telemetry'
  | 'readModels';

interface RoleParts {
  readonly parts: readonly Part[];
  /** What it reads of the keyring, and all it reads: the others' secrets need not be on its machine. */
  readonly keys: readonly KeyRequirement[];
  /** Beside them, where they are there. */
  readonly keysIfThere?: readonly KeyKind[];
  /** Paths, each with all that lies below it; `/` is the start page alone. What is in no role's list is served by all. */
  readonly paths: readonly string[];
}

/** Which rooms and stores each role opens; its modules and controllers stand in appliance.module.ts. */
export const ROLE_PARTS: Readonly<Record<Role, RoleParts>> = {
  portal: {
    parts: ['personDirectory', 'ephemeralStore', 'relay', 'mailReader', 'telemetry'],
    keys: ['sealing', 'manifest.pub', 'oidc', 'cookies', 'person-wrapping', 'person-index'],
    keysIfThere: ['oidc-rsa', 'dkim-rsa', 'dkim-eddsa'],
    paths: [
      '/',
      '/open',
      '/m',
      '/prove',
      '/sign-in',
      '/authenticate',
      '/sign-out',
      '/signed-out',
      '/finished',
      '/oidc',
      '/.well-known/oauth-authorization-server',
      '/privacy',
      '/help',
    ],
  },
  gateway: {
    // The ephemeral store only where processes share one: the portals tell there which epochs they can open.
    parts: ['personDirectory', 'relay', 'outbox'],
    keys: ['sealing.pub', 'manifest', 'oidc.pub', 'person-wrapping', 'person-index'],
    keysIfThere: ['dkim-rsa', 'dkim-eddsa', 'bounces'],
    paths: ['/api/v1/messages', '/api/v1/openapi.json'],
  },
  console: {
    // It follows the log, in which persons are ids; the directory leads from an address to an id, and gives the keys by which what it
    // shows is read. What expires are the sign-ins of its own people and the sessions of readers; the cookie keys are those of the
    // portal, since both are one address to a browser. No key that opens a message.
    parts: ['readModels', 'personDirectory', 'ephemeralStore'],
    keys: ['ledger', 'oidc.pub', 'cookies', 'person-wrapping', 'person-index'],
    paths: ['/console', '/api/v1/audit'],
  },
};

export interface RolesAndStores {
  readonly roles: readonly Role[];
  readonly ephemeralStore: string;
  readonly ledger?: { readonly checkpointMail?: string | undefined };
  readonly console?: { readonly noticesTo: readonly string[] };
}

export function hasRole({ roles }: Pick<RolesAndStores, 'roles'>, role: Role): boolean {
  return roles.includes(role);
}

/** Whether the ephemeral store is one that other processes share. */
export function isShared(ephemeralStore: string): boolean {
  return ephemeralStore !== 'memory:';
}

/** Everything that a process of these roles opens. */
export function partsOf(settings: RolesAndStores): ReadonlySet<Part> {
  const { roles, ephemeralStore } = settings;
  const parts = new Set(roles.flatMap((role) => ROLE_PARTS[role].parts));
  if (roles.includes('gateway') && isShared(ephemeralStore)) parts.add('ephemeralStore');
  if (writesToItsOwn(settings)) parts.add('relay');
  return parts;
}

/** Whether a console writes mail to those who run the installation; readers are written to by the other roles alone. */
function writesToItsOwn({ roles, ledger, console }: RolesAndStores): boolean {
  const isAnybody = ledger?.checkpointMail !== undefined || (console?.noticesTo ?? []).length > 0;
  return isAnybody && roles.includes('console');
}

/** Everything that a process of these roles reads of its keyring; a private half brings its public one. */
export function keysOf(settings: RolesAndStores): readonly KeyRequirement[] {
  const keys = new Set<KeyRequirement>(settings.roles.flatMap((role) => ROLE_PARTS[role].keys));
  if (partsOf(settings).has('ephemeralStore') && isShared(settings.ephemeralStore)) keys.add('ephemeral');
  return [...keys].filter((key) => !key.endsWith('.pub') || !keys.has(key.slice(0, -'.pub'.length) as KeyRequirement));
}

/** Paths that another role serves, and no role of this process. */
export function pathsElsewhere(roles: readonly Role[]): readonly string[] {
  return ROLES.filter((role) => !roles.includes(role)).flatMap((role) => ROLE_PARTS[role].paths);
}

/** What it reads as well where it is there, and does not miss where it is not. */
export function keysIfThereOf({ roles }: Pick<RolesAndStores, 'roles'>): readonly KeyKind[] {
  return [...new Set(roles.flatMap((role) => ROLE_PARTS[role].keysIfThere ?? []))];
}
