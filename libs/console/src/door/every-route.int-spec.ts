import 'reflect-metadata';
import { Controller, Get, RequestMethod } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleModule } from '../console.module.ts';
import { CONSOLE_ROLES } from '../roles.ts';
import type { ConsoleRole } from '../roles.ts';
import { openConsoleRoom } from '../testing/console-room.ts';
import type { ConsoleRoom } from '../testing/console-room.ts';
import { ROLES_OF_ROUTE } from './route-roles.ts';

/** Every route of the console with the roles that it says it is for. */
const routes = ((Reflect.getMetadata('controllers', ConsoleModule) ?? []) as Type[]).flatMap((controller) => {
  const base = String(Reflect.getMetadata('path', controller));
  const { prototype } = controller as { prototype: Record<string, object> };
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name] ?? {};
    const path: unknown = name === 'constructor' ? undefined : Reflect.getMetadata('path', handler);
    if (typeof path !== 'string') return [];
    const method = RequestMethod[Reflect.getMetadata('method', handler) as RequestMethod];
    const roles = (Reflect.getMetadata(ROLES_OF_ROUTE, handler) ?? []) as readonly ConsoleRole[];
    const address = `/${base}/${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
    return [{ method, address: address.replace(/:\w+/g, 'x'), roles }];
  });
});
const guarded = routes.filter(({ roles }) => roles.length > 0);

/** Said here once more, so that a rule that lets everybody in is found. */
const isFor = (role: ConsoleRole, roles: readonly ConsoleRole[]) =>
  roles.includes(role) || (role === 'officer' && roles.includes('auditor'));

describe('every route of the console', () => {
  let room: ConsoleRoom;
  beforeAll(async () => {
    room = await openConsoleRoom();
  }, 60_000);
  afterAll(() => room.close());

  it('is known', () => {
    expect(guarded.length).toBeGreaterThan(2);
    expect(
      routes.filter(({ roles }) => roles.length === 0).map(({ method, address }) => `${method} ${address}`),
    ).toEqual([
      'GET /console/sign-in',
      'GET /console/sign-in/begin',
      'GET /console/signed-in',
      'GET /console/sign-out',
      'POST /console/sign-out',
      'GET /console/signed-out',
    ]);
  });

  it.each(guarded)('$method $address: for $roles and nobody else', async ({ method, address, roles }) => {
    const browser = room.portal.browser();
    const asked = () => (method === 'POST' ? browser.post(address) : browser.get(address));
    await room.signIn(browser, ['auditor']);
    await browser.get('/console'); // the token of the browser, for forms
    await browser.post('/console/sign-out');
    const stranger = room.portal.browser();
    const answer = method === 'POST' ? await stranger.post(address) : await stranger.get(address);
    const leadsTo = answer.headers.get('location') ?? '';
    // Without a token no form comes as far as the guard, but one that reads its own body.
    if (method === 'POST') expect(answer.status === 403 || leadsTo === '/console/sign-in?ended=yes').toBe(true);
    else expect([answer.status, leadsTo]).toEqual([303, expect.stringMatching(/^\/console\/sign-in\?back=%2Fconsole/)]);
    for (const role of CONSOLE_ROLES) {
      await room.signIn(browser, [role]);
      await browser.get('/console');
      const { status, headers } = await asked();
      const isLetIn = status !== 403 && !/^\/console\/sign-in/.test(headers.get('location') ?? '');
      expect({ role, isLetIn }).toEqual({ role, isLetIn: isFor(role, roles) });
      expect(status).toBeLessThan(500);
    }
  });

  it('says who it is for, or nothing starts', async () => {
    @Controller('console/forgotten')
    class ForgottenController {
      @Get('page')
      page() {
        return {};
      }
    }
    await expect(openConsoleRoom({}, [ForgottenController])).rejects.toThrow(
      'ForgottenController.page (/console/forgotten/page)',
    );
  });
});
