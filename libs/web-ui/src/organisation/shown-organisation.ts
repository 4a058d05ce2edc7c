import type { Assets, OwnAsset } from '../assets.ts';
import type { Locale } from '../locales/translate.ts';
import { colourStylesheet } from './colours.ts';
import { shownSize } from './logo.ts';
import type { PortalOrganisation } from './portal-organisation.ts';

const STYLESHEET = 'organisation.css';
const LOGO = 'logo';
/** CSS pixels: as high as the seal that stands there without a logo, and no wider than leaves room for the name at 320 px. */
const LOGO_BOX = { width: 112, height: 44 } as const;

/** The files by which an organisation's pages differ from others. */
export function assetsOf({ logo, colours }: PortalOrganisation): OwnAsset[] {
  const stylesheet = colours === undefined ? '' : colourStylesheet(colours).trim();
  return [
    ...(logo === undefined ? [] : [{ name: LOGO, content: logo.bytes, type: logo.type }]),
    ...(stylesheet === ''
      ? []
      : [{ name: STYLESHEET, content: Buffer.from(stylesheet), type: 'text/css; charset=utf-8' }]),
  ];
}

/** What the layout shows of an organisation beside its name; null what it has not. */
export function shownOrganisation(organisation: PortalOrganisation, assets: Assets, locale: Locale) {
  const { logo, telephone, howToCheck } = organisation;
  return {
    organisationStylesheet: assets.addressOf(STYLESHEET),
    logo:
      logo === undefined
        ? null
        : { address: assets.addressOf(LOGO), ...shownSize(logo, LOGO_BOX.width, LOGO_BOX.height) },
    telephone: telephone === undefined ? null : unbroken(telephone),
    howToCheck: howToCheck?.[locale] ?? null,
  };
}

/** A number stays on one line. */
function unbroken(telephone: string): string {
  return telephone.replaceAll(' ', '\u00a0');
}
