import type { Instant } from '#libs/vocabulary';
import { directionOf, formatInstant, translate } from '#libs/web-ui';
import type { Direction, Locale } from '#libs/web-ui';
import type { OrganisationProfile } from './organisation-profile.ts';

/** Where things are on the portal, all under its public URL. */
export interface PortalAddresses {
  readonly origin: string;
  readonly host: string;
  readonly open: string;
  readonly handIn: string;
  readonly privacy: string;
  readonly help: string;
}

/** @param publicUrl `SEGL_PUBLIC_URL`, http(s), without query and fragment; a path in front of all others is kept. */
export function portalAddresses(publicUrl: URL): PortalAddresses {
  const base = publicUrl.origin + publicUrl.pathname.replace(/\/+$/, '');
  return {
    origin: publicUrl.origin,
    host: publicUrl.host,
    open: `${base}/open`,
    handIn: `${base}/`,
    privacy: `${base}/privacy`,
    help: `${base}/help`,
  };
}

/** What one language says, plain text throughout, to be escaped where it goes into HTML. */
export interface LocalCarrierTexts {
  readonly locale: Locale;
  readonly direction: Direction;
  readonly subject: string;
  /** The address that wrote. */
  readonly sentFrom: string;
  readonly until: string;
  /** What is folded away under this: the same once more. */
  readonly inThisLanguage: string;
  readonly mail: {
    readonly intro: string;
    readonly steps: string;
    readonly elsewhere: string;
    readonly privacy: string;
    readonly below: string;
  };
  readonly page: {
    readonly title: string;
    readonly intro: string;
    readonly button: string;
    readonly check: string;
    readonly elsewhere: string;
    readonly privacy: string;
    readonly help: string;
  };
  /** How to find out that it is really them, and whom to ring: lines under everything else; none when nothing is set. */
  readonly identity: readonly string[];
}

/** What a carrier says besides what the organisation says of itself. */
export interface CarrierFacts {
  /** All of them, the first one for the reader and the others folded away. */
  readonly locales: readonly Locale[];
  readonly expiresAt: Instant;
  /** Who wrote. */
  readonly address: string;
  /** Null: is not named. */
  readonly senderName: string | null;
}

export function carrierTexts(
  profile: OrganisationProfile,
  portal: PortalAddresses,
  { locales, expiresAt, address, senderName }: CarrierFacts,
): LocalCarrierTexts[] {
  const organisation = profile.name;
  return locales.map((locale) => {
    const button = translate(locale, 'carrier.page.button');
    // To the minute and with its zone: a bare date would promise a day too many or one too few.
    const time = formatInstant(locale, expiresAt, 'full', profile.timeZone ?? 'UTC');
    return {
      locale,
      direction: directionOf(locale),
      subject: profile.carrierSubject?.[locale] ?? translate(locale, 'carrier.subject', { organisation }),
      sentFrom: translate(locale, 'carrier.sentFrom', { address }),
      until: translate(locale, 'carrier.page.until', { time }),
      inThisLanguage: translate(locale, 'carrier.inThisLanguage'),
      mail: {
        intro: profile.carrierText?.[locale] ?? introOfMail(locale, organisation, senderName),
        steps: translate(locale, 'carrier.mail.steps', { button }),
        elsewhere: translate(locale, 'carrier.mail.elsewhere'),
        privacy: translate(locale, 'carrier.mail.privacy'),
        below: translate(locale, 'carrier.mail.below'),
      },
      page: {
        title: translate(locale, 'carrier.page.title', { organisation }),
        intro: introOfPage(locale, organisation, senderName, portal.host),
        button,
        check: translate(locale, 'carrier.page.check', { origin: `${portal.origin}/` }),
        elsewhere: translate(locale, 'carrier.page.elsewhere'),
        privacy: translate(locale, 'carrier.page.privacy'),
        help: translate(locale, 'carrier.page.help'),
      },
      identity: identityLines(profile, locale),
    };
  });
}

function introOfMail(locale: Locale, organisation: string, sender: string | null): string {
  return sender === null
    ? translate(locale, 'carrier.mail.intro', { organisation })
    : translate(locale, 'carrier.mail.introNamed', { organisation, sender });
}

function introOfPage(locale: Locale, organisation: string, sender: string | null, host: string): string {
  return sender === null
    ? translate(locale, 'carrier.page.intro', { organisation, host })
    : translate(locale, 'carrier.page.introNamed', { organisation, sender, host });
}

/** How to find out that a mail is really theirs, and whom to ring, as far as it is configured: lines of plain text for a mail. */
export function identityLines(
  { name: organisation, howToCheck, telephone }: OrganisationProfile,
  locale: Locale,
): string[] {
  const check = howToCheck?.[locale];
  return [
    ...(check === undefined ? [] : [`${translate(locale, 'page.genuine', { organisation })} ${check}`]),
    ...(telephone === undefined
      ? []
      : [translate(locale, 'page.telephone', { organisation, telephone: telephone.replaceAll(' ', '\u00a0') })]), // on one line
  ];
}
