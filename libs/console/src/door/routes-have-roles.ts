import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ROLES_OF_ROUTE } from './route-roles.ts';

/** At the start: every route below /console, of whichever room, says who may come there. */
@Injectable()
export class RoutesHaveRoles implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws TypeError with every route that does not */
  onModuleInit(): void {
    const open = this.discovery.getControllers().flatMap(({ metatype }) => {
      if (metatype === null || metatype === undefined) return [];
      const base = String(this.reflector.get('path', metatype) ?? '');
      const { prototype } = metatype as { prototype: Record<string, () => unknown> };
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name];
        if (handler === undefined) return [];
        const paths = [this.reflector.get<string | string[] | undefined>('path', handler) ?? []].flat();
        const isOpen = this.reflector.get(ROLES_OF_ROUTE, handler) === undefined;
        const routes = paths.map((path) => `/${base}/${path}`.replace(/\/+/g, '/'));
        return routes
          .filter((route) => isOpen && /^\/console(\/|$)/.test(route))
          .map((route) => `${metatype.name}.${name} (${route})`);
      });
    });
    if (open.length > 0)
      throw new TypeError(`routes of the console that say for nobody who they are for: ${open.join(', ')}`);
  }
}
