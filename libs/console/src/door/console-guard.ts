import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ProjectionRunner } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import { PageError, requestFacts } from '#libs/web-ui';
import { mayAs } from '../roles.ts';
import type { ConsoleRole } from '../roles.ts';
import { trailStanding } from '../trail/trail-standing.ts';
import { ConsoleSessions } from './console-session.ts';
import { NotSignedIn } from './not-signed-in.ts';
import { RefusedAtConsole } from './refused-at-console.ts';
import { letInAs, ROLES_OF_ROUTE } from './route-roles.ts';

/** Lets in who is signed in and has a role that the route is for; who has not is refused, and that is in the record first. */
@Injectable()
export class ConsoleGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: ConsoleSessions,
    private readonly refused: RefusedAtConsole,
    private readonly clock: Clock,
    private readonly projections: ProjectionRunner,
  ) {}

  /** @throws NotSignedIn; PageError 403; what the stores throw */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const roles = this.reflector.get<readonly ConsoleRole[] | undefined>(ROLES_OF_ROUTE, context.getHandler()) ?? [];
    const browser = requestFacts(request).knownBrowser();
    const session = browser === null ? null : await this.sessions.touch(browser.sessionId, this.clock.now());
    if (browser === null || session === null) throw new NotSignedIn();
    if (!mayAs(session.roles, roles)) {
      await this.refused.record({ personId: session.personId, asked: nameOf(request) });
      throw new PageError(403, 'console.noRole');
    }
    requestFacts(request).keepsQuery = true;
    letInAs(request, { ...session, sessionId: browser.sessionId, trail: trailStanding(this.projections) });
    return true;
  }
}

/** The pattern of the route: what was asked for, and of whom or what not. */
function nameOf(request: Request): string {
  const { path } = (request.route ?? {}) as { path?: unknown };
  return `${request.method} ${typeof path === 'string' ? path : '/console'}`;
}
