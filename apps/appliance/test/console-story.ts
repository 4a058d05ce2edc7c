import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Download, Page } from 'playwright-core';
import type { StoreOfTests } from '#libs/event-store/testing';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { FakeProvider } from '#libs/oidc-bridge/testing';
import { launchChromium } from '#libs/web-ui/testing';
import { organisationAt } from './account-providers.ts';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Installation } from './installation.ts';

/** Roles by the groups of an account. */
const ROLES = { compliance: ['auditor'], officers: ['officer'], watch: ['operator'] };

interface ConsoleOptions {
  readonly serve: StoreOfTests['serve'];
  /** Under `console`. */
  readonly console?: object;
}

/** The console of one installation in a real browser without script, and one message that its recipient has read. */
export class ConsoleStory {
  private constructor(
    readonly here: Installation,
    private readonly organisation: FakeProvider,
    private readonly browser: Browser,
    readonly reader: HttpReader,
    /** Where the message waits for its reader. */
    readonly message: string,
  ) {}

  /** @param recipient of the message */
  static async start(recipient: string, { serve, console = {} }: ConsoleOptions): Promise<ConsoleStory> {
    const organisation = await startFakeProvider({ behaves: 'organisation' });
    const here = await Installation.start({
      serve,
      async settings({ directory, program }) {
        const provider = await organisationAt(directory, organisation, { rolesClaim: 'groups', roles: ROLES });
        return { console, signIn: { clients: [program.client], organisation: [provider] } };
      },
    });
    const sealed = await here.program.seal(here.url, recipient, { deliver: false });
    const reader = new HttpReader(here.url);
    const { location } = await reader.handIn(carrierFieldOf(await sealed.text()));
    const { status } = await reader.view(location, await reader.signInFor(location));
    if (status !== 200) throw new Error(`the message was not shown: ${status}`);
    return new ConsoleStory(here, organisation, await launchChromium(), reader, location);
  }

  /** Somebody of the organisation at the console, by their account there. */
  async signedIn(email: string, groups: readonly string[], options: BrowserContextOptions = {}): Promise<Page> {
    this.organisation.signInAs({ email, groups: [...groups] });
    const page = await (
      await this.browser.newContext({ javaScriptEnabled: false, locale: 'en-GB', ...options })
    ).newPage();
    await this.open(page, '/console');
    await page.locator('a[href^="/console/sign-in/begin"]').click();
    await page.locator('a[href*="/with/organisation"]').click();
    await page.waitForLoadState();
    return page;
  }

  open = (page: Page, path: string) => page.goto(new URL(path, this.here.url).href);
  textOf = (page: Page) => page.locator('main').innerText();
  press = (page: Page, form: string) => page.locator(`form[action="${form}"] button`).first().click();

  /** Presses the button of a form that hands out a file. @returns where the file lies now */
  async downloaded(page: Page, form: string, name: string): Promise<string> {
    const [file] = (await Promise.all([
      page.waitForEvent('download'),
      page.locator(`form[action^="${form}"] button`).click(),
    ])) as [Download, void];
    const path = this.file(name);
    await writeFile(path, await readFile(await file.path()));
    return path;
  }

  /** The ledger's key, as an auditor has it from an operator. @returns its file */
  async ledgerKey(): Promise<string> {
    const path = this.file('ledger.keys');
    await writeFile(path, await this.here.segl('audit', 'key'));
    return path;
  }

  async end(): Promise<void> {
    await this.browser.close();
    await this.here.end();
    await this.organisation.close();
  }

  private file(name: string): string {
    return join(this.here.directory, name);
  }
}
