import { createServer } from 'node:http';
import { Assets } from '../../libs/web-ui/src/assets.ts';
import { FRAME_FITTING } from '../../libs/web-ui/src/frame-fitting.ts';
import { ViewEngine } from '../../libs/web-ui/src/view-engine.ts';
import { PrivacyController } from '../../libs/web-ui/src/privacy/privacy-controller.ts';

/*
 * The least that can be done for a page: Node's own server, and the very template with the very values that the portal gives it.
 * Started with the portal's public address; run by ops/source-loader.mjs; tells its port by message.
 */
const views = new ViewEngine({ timeZone: 'Europe/Copenhagen' });
const assets = new Assets();
const organisation = {
  name: 'Bench',
  postalAddress: 'Bench 1',
  contactMail: 'office@example.org',
  privacyContact: 'office@example.org',
};
const page = {
  organisation,
  address: new URL('/', process.argv[2]).href,
  organisationStylesheet: null,
  logo: null,
  telephone: null,
  howToCheck: null,
  isDemonstration: false,
  accountProviders: [],
  counting: { epsilon: 2, periodDays: 30 },
  hasCodes: true,
  stylesheet: assets.addressOf('segl.css'),
  icon: assets.addressOf('seal.svg'),
  frameFitting: FRAME_FITTING,
  languagesByForm: false,
};
const PAGES: Readonly<Record<string, { readonly view: string; readonly context: () => object }>> = {
  '/help': { view: 'web-ui/help/help-page', context: () => ({}) },
  '/privacy': { view: 'web-ui/privacy/privacy-page', context: () => new PrivacyController().page() },
};

const server = createServer(({ url = '' }, response) => {
  const asked = PAGES[url];
  if (asked === undefined) return response.writeHead(404).end();
  const languages = [{ locale: 'da', name: 'Dansk', address: `${url}?lang=da` }];
  const html = views.render(asked.view, asked.context(), { locale: 'en', page: { ...page, languages } });
  return response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
process.once('disconnect', () => process.exit(0));
