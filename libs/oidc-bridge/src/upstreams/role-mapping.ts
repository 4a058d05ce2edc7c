import type { TokenClaims } from './token-claims.ts';

/** A claim by its name, to the letter; or the way to it, where it lies within others: `['realm_access', 'roles']`. */
export type ClaimPath = string | readonly string[];

/** Which values of a claim (a text, or a list of texts) give which console roles. */
export interface RoleMapping {
  readonly claim: ClaimPath;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** The console roles that these claims map to, each once. */
export function rolesIn(claims: TokenClaims, mapping: RoleMapping | undefined): readonly string[] {
  if (mapping === undefined) return [];
  const claim = claimAt(claims, mapping.claim);
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const roles = values.flatMap((value) => (typeof value === 'string' ? (mapping.roles.get(value) ?? []) : []));
  return [...new Set(roles)];
}

/** Own properties alone: a path from a configuration meets objects from elsewhere. */
export function claimAt(claims: TokenClaims, path: ClaimPath): unknown {
  const names = typeof path === 'string' ? [path] : path;
  return names.reduce<unknown>(
    (within, name) =>
      typeof within === 'object' && within !== null && Object.hasOwn(within, name)
        ? (within as Record<string, unknown>)[name]
        : undefined,
    claims,
  );
}
