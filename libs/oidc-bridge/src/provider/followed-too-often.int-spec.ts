import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { proveAs, StrangerHouse, toSignIn } from '../testing/stranger-client-house.ts';

describe('an address to sign in at that is followed again and again', () => {
  let house: StrangerHouse;
  beforeAll(async () => {
    house = await StrangerHouse.open();
  });
  afterAll(() => house.close());

  it('leads to ten sign-ins and no more, so that nobody fills the store with it', async () => {
    const client = await house.client('archive');
    const attempt = await client.begin();
    const browser = house.browser();
    const { page } = await toSignIn(browser, attempt);
    for (let turn = 1; turn < 10; turn++) await toSignIn(house.browser(), attempt);

    const before = await house.store.usage();
    for (let turn = 0; turn < 30; turn++) {
      const over = await house.browser().get(attempt.location.href);
      expect([over.status, over.location]).toEqual([400, null]);
      expect(over.body).toContain('This sign-in cannot continue');
    }
    expect((await house.store.usage()).usedBytes).toBeLessThanOrEqual(before.usedBytes);

    const answer = await proveAs(browser, page, 'anna'); // those that were begun end well
    expect(answer.location?.searchParams.get('code')).toEqual(expect.any(String));
  });

  it('leads to no more when it is the way back from the sign-in page that is followed', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    let { page } = await toSignIn(browser, await client.begin());
    let sent = 0;
    for (let turn = 0; turn < 30; turn++) {
      const again = await browser.get(page.replace('/sign-in/', '/oidc/auth/'));
      if (again.location === null) continue;
      sent += 1;
      page = again.location.pathname;
    }
    expect(sent).toBeLessThan(10);
  });
});
