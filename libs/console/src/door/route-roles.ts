import type { TrailStanding } from '../trail/trail-standing.ts';
import type { ConsoleSession } from './console-session.ts';

/** Metadata of a route: which roles it is for; none for the way in and the way out. */
export const ROLES_OF_ROUTE = 'segl:console-roles';

/** Who asks, let in by the guard of this very request. */
export interface SignedIn extends ConsoleSession {
  readonly sessionId: string;
  /** When the request came. */
  readonly trail: TrailStanding;
}

const letIn = new WeakMap<object, SignedIn>();

export function letInAs(request: object, who: SignedIn): void {
  letIn.set(request, who);
}

/** @throws TypeError on a route that has no guard */
export function signedInFor(request: object): SignedIn {
  const who = letIn.get(request);
  if (who === undefined) throw new TypeError('a route of the console asks who is there, and has no @ForRole');
  return who;
}
