import {
  applyDecorators,
  createParamDecorator,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { HeadSpendsNothing } from '#libs/web-ui';
import type { ConsoleRole } from '../roles.ts';
import { ConsoleGuard } from './console-guard.ts';
import { NotSignedInFilter } from './not-signed-in.ts';
import { ROLES_OF_ROUTE, signedInFor } from './route-roles.ts';
import type { SignedIn } from './route-roles.ts';

/**
 * Who may come to a route of the console. Each has one of these two, or nothing starts (routes-have-roles.ts).
 * `@ForRole('officer')`: signed in and with that role; several mean any of them; an officer may what an auditor may.
 */
export function ForRole(...roles: readonly [ConsoleRole, ...ConsoleRole[]]): MethodDecorator {
  return applyDecorators(
    SetMetadata(ROLES_OF_ROUTE, roles),
    UseGuards(ConsoleGuard),
    UseFilters(NotSignedInFilter),
    UseInterceptors(HeadSpendsNothing),
  );
}

/** The way in and the way out: shows nothing of the record. */
export function ForAnybody(): MethodDecorator {
  return applyDecorators(SetMetadata(ROLES_OF_ROUTE, []), UseInterceptors(HeadSpendsNothing));
}

/** `@WhoAsks() asker: SignedIn`, on a route with `@ForRole`. */
export const WhoAsks = createParamDecorator((_: unknown, context: ExecutionContext): SignedIn =>
  signedInFor(context.switchToHttp().getRequest<object>()),
);
