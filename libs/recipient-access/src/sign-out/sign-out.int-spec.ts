import { Controller, Get, Render } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { PortalSessions } from '../portal-session.ts';
import { SignOutController } from './sign-out.controller.ts';

@Controller('form')
class FormController {
  @Get()
  @Render('recipient-access/finish-reading/finished')
  page() {
    return { isSignedIn: true };
  }
}

describe('signing out', () => {
  const store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024 });
  let portal: TestPortal;
  beforeAll(async () => {
    const sessions = new PortalSessions(store, { sessionIdleSeconds: 1800, sessionMaxSeconds: 28_800 });
    portal = await openTestPortal({
      controllers: [SignOutController, FormController],
      providers: [{ provide: PortalSessions, useValue: sessions }],
    });
  });
  afterAll(async () => {
    await portal.close();
    await store.close();
  });

  it('asks the browser to forget pages and what is stored, and leaves the cookies of other hosts alone', async () => {
    const browser = portal.browser();
    await browser.get('/form');
    const answer = await browser.post('/sign-out', {});
    expect([answer.status, answer.headers.get('clear-site-data')]).toEqual([303, '"cache", "storage"']);
  });

  it('needs a form: a link does not do it', async () => {
    const answer = await portal.browser().get('/sign-out');
    expect([answer.status, answer.headers.get('clear-site-data')]).toEqual([303, null]);
  });
});
