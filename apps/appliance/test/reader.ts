import type { Page } from 'playwright-core';

/** What a person does in the demonstration, click by click. */
export class Reader {
  /** Addresses outside the portal that any page asked for. */
  readonly strangers: string[] = [];

  constructor(
    readonly page: Page,
    private readonly url: URL,
  ) {
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'file:', 'about:'].includes(protocol) && origin !== url.origin) this.strangers.push(request.url());
    });
  }

  async opensNewestSealedMail(): Promise<void> {
    await this.page.goto(new URL('/demo/mailbox', this.url).href);
    await this.page.locator('ul.mails a', { hasText: '1 attachment' }).first().click();
  }

  async opensAttachment(): Promise<void> {
    await this.page.locator('a.attachment').click();
  }

  async pressesTheButtonInTheAttachment(): Promise<void> {
    await this.page.getByRole('button', { name: 'Read the message' }).click();
    await this.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
  }

  async goesToSignIn(): Promise<void> {
    await this.page.getByRole('link', { name: 'Continue to sign in' }).click();
    await this.page.waitForURL(/\/sign-in\//);
  }

  /** Where there are codes alone: the page of the message has the one button. */
  async asksForACode(): Promise<void> {
    await this.page.getByRole('button', { name: 'Send me a code' }).click();
    await this.page.waitForURL(/\/prove\/code\//);
  }

  /** Looks into the mailbox in a second tab, as one does. */
  async findsTheCode(): Promise<string> {
    const tab = await this.page.context().newPage();
    try {
      for (let look = 0; look < 50; look++) {
        await tab.goto(new URL('/demo/mailbox', this.url).href);
        const newest = tab.locator('ul.mails li').first();
        if (!(await newest.innerText()).includes('attachment')) {
          await newest.locator('a').click();
          const code = /\b\d{4} \d{4}\b/.exec(await tab.locator('main').innerText());
          if (code) return code[0];
        }
        await tab.waitForTimeout(100);
      }
      throw new Error('the code never came');
    } finally {
      await tab.close();
    }
  }

  async enters(code: string): Promise<void> {
    await this.page.locator('#code').fill(code);
    await this.page.locator('form:has(#code) button[type=submit]').click();
  }

  async signsInWithACode(): Promise<void> {
    await this.asksForACode();
    await this.enters(await this.findsTheCode());
    await this.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
  }

  async confirms(): Promise<void> {
    await this.page.getByRole('button', { name: 'Show the message' }).click();
    await this.page.waitForURL(/\/view$/);
  }

  async seesOnThePage(): Promise<string> {
    return this.page.locator('main').innerText();
  }
}
