import type { AddressInfo } from 'node:net';
import type { ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { installWebUi } from '../install-web-ui.ts';
import type { WebUiOptions } from '../install-web-ui.ts';
import { ViewEngine } from '../view-engine.ts';
import { TestBrowser } from './test-browser.ts';

export interface TestPortal {
  readonly app: NestExpressApplication;
  readonly url: string;
  browser(): TestBrowser;
  close(): Promise<void>;
}

/** The web face on a real loopback port, with the controllers and providers of a room behind it. The caller closes it. */
export async function openTestPortal(module: ModuleMetadata, options: Partial<WebUiOptions> = {}): Promise<TestPortal> {
  const testingModule = await Test.createTestingModule(module).compile();
  const app = testingModule.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  const key = new Uint8Array(32).fill(7);
  installWebUi(app, {
    publicUrl: new URL('http://127.0.0.1/'),
    organisation: testOrganisation,
    views: new ViewEngine(),
    keys: () => [key],
    ...options,
  });
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  return { app, url, browser: () => new TestBrowser(url), close: () => app.close() };
}

export const testOrganisation = {
  name: 'Nordlys Advokater',
  postalAddress: 'Havnegade 12\n5000 Odense C\nDanmark',
  contactMail: 'kontakt@nordlys.example',
  privacyContact: 'privatliv@nordlys.example',
};
