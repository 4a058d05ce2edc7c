/**
 * What somebody at the console may. `auditor`: ask, export, verify. `officer`: all of that, and revoke, erase, hold. `operator`: see
 * how the installation is and which keys it has, and nothing of what the trail holds.
 */
export const CONSOLE_ROLES = ['auditor', 'officer', 'operator'] as const;
export type ConsoleRole = (typeof CONSOLE_ROLES)[number];

/** Those of a token that are roles here; a configuration may give others to other consoles. */
export function consoleRolesIn(claim: unknown): readonly ConsoleRole[] {
  const given: readonly unknown[] = Array.isArray(claim) ? claim : [];
  return CONSOLE_ROLES.filter((role) => given.includes(role));
}

/** An officer may what an auditor may. */
export function mayAs(has: readonly ConsoleRole[], wanted: readonly ConsoleRole[]): boolean {
  return wanted.some((role) => has.includes(role) || (role === 'auditor' && has.includes('officer')));
}
