import { Controller, Get, Render } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { Clock, FixedClock, instantOf, newPersonId, parseMailAddress } from '#libs/vocabulary';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { FinishReadingController } from '../finish-reading/finish-reading.controller.ts';
import { MessageForReader } from '../message-for-reader.ts';
import { openSessionsOf, PortalSessions } from '../portal-session.ts';
import type { ProofInSession } from '../portal-session.ts';
import { VisitCounter } from '../visit-counter.ts';
import { SignOutController } from './sign-out.controller.ts';

@Controller('form')
class FormController {
  @Get()
  @Render('recipient-access/finish-reading/finished')
  page() {
    return { isSignedIn: true, others: [], mayEndOthers: false };
  }
}

describe('signing out', () => {
  const store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024 });
  const sessions = new PortalSessions(store, { sessionIdleSeconds: 1800, sessionMaxSeconds: 28_800 });
  const clock = new FixedClock(instantOf('2026-11-30T12:00:00Z'));
  const personId = newPersonId();
  const proof: ProofInSession = {
    ...{ address: parseMailAddress('anna@example.com'), personId, method: 'passcode' },
    ...{ issuer: 'https://post.nordlys.example/oidc', subject: personId, provenAt: clock.now() },
  };
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await openTestPortal({
      controllers: [SignOutController, FinishReadingController, FormController],
      providers: [
        { provide: PortalSessions, useValue: sessions },
        { provide: Clock, useValue: clock },
        // Of the step before the page.
        { provide: MessageForReader, useValue: null },
        { provide: VisitCounter, useValue: null },
      ],
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

  /** In a browser of their own, and in two others. */
  async function signedIn() {
    const browser = portal.browser();
    await browser.get('/form');
    const [, sessionId = ''] = browser.cookies.get('segl')?.split('.') ?? [];
    for (const each of ['elsewhere', 'earlier', sessionId]) await sessions.begin(each, proof, clock.now());
    return browser;
  }
  const open = async () => (await openSessionsOf(store, personId)).length;

  it('ends the session of this browser alone, or those of all', async () => {
    const browser = await signedIn();
    await browser.post('/sign-out', {});
    expect(await open()).toBe(2);
    await (await signedIn()).post('/sign-out', { everywhere: 'yes' });
    expect(await open()).toBe(0);
  });

  it('shows what is open elsewhere, and ends it for somebody alone who signed in just now', async () => {
    const browser = await signedIn();
    const fresh = await browser.get('/finished');
    expect(fresh.text).toMatch(/Signed in elsewhere .*(Since .*){2}Sign out in all browsers/);
    clock.advance(901);
    expect((await browser.get('/finished')).text).toContain('sign in again first');
    await browser.post('/sign-out', { everywhere: 'yes' });
    expect(await open()).toBe(2);
    expect((await browser.get('/finished')).text).not.toContain('elsewhere');
  });

  it('needs a form: a link does not do it', async () => {
    const answer = await portal.browser().get('/sign-out');
    expect([answer.status, answer.headers.get('clear-site-data')]).toEqual([303, null]);
  });
});
