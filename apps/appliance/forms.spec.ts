import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { ROLES } from '#libs/installation';
import { CONTROLLERS, ROOMS } from './appliance.module.ts';

/** `GET /m/:messageId` and so on, of every room of every role. */
function routes(): Set<string> {
  const controllers = ROLES.flatMap((role) => [
    ...CONTROLLERS[role],
    ...ROOMS[role].flatMap((room) => (Reflect.getMetadata('controllers', room) ?? []) as Type[]),
  ]);
  return new Set(
    controllers.flatMap((controller) => {
      const base = String(Reflect.getMetadata('path', controller));
      const { prototype } = controller as { prototype: Record<string, object> };
      return Object.getOwnPropertyNames(prototype).flatMap((name) => {
        const handler = prototype[name] ?? {};
        const paths: unknown = name === 'constructor' ? undefined : Reflect.getMetadata('path', handler);
        const method = RequestMethod[Reflect.getMetadata('method', handler) as RequestMethod];
        return [paths ?? []].flat().map((path) => `${method} /${base}/${String(path)}`.replace(/\/+/g, '/'));
      });
    }),
  );
}

it('no address of a form is a dead end: by GET, each of them goes on', () => {
  const all = routes();
  const forms = [...all].filter((route) => route.startsWith('POST ') && !route.startsWith('POST /api/'));
  expect(forms.length).toBeGreaterThan(8);
  expect(forms.filter((route) => !all.has(route.replace('POST', 'GET')))).toEqual([]);
});
