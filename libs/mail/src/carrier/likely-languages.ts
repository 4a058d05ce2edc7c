import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { MailHeader } from '../syntax/header-fields.ts';

/** 1000 characters of a field: some twenty tags, more than anybody's program says. */
const MAX_READ_CHARACTERS = 1000;
/** Top-level domains of a country that are not its code in ISO 3166, or are nobody's country to most who use them. */
const REGION_OF: Readonly<Record<string, string | null>> = {
  uk: 'GB',
  eu: null,
  co: null,
  io: null,
  ai: null,
  tv: null,
  me: null,
};

/**
 * The languages of a carrier, the one that its reader most likely knows first: that of the country in their address's domain (CLDR,
 * likely subtags), then what the mail says of its own language (Content-Language, RFC 3282) and of its writer's
 * (Accept-Language), then the order given. None is left out, none is added.
 */
export function likelyLanguages(
  locales: readonly Locale[],
  { recipient, mailHeader }: { readonly recipient?: MailAddress | undefined; readonly mailHeader: MailHeader },
): { locales: readonly Locale[]; isGuess: boolean } {
  const hints = [
    ...(recipient === undefined ? [] : [languageOfDomain(recipient)]),
    ...languagesIn(mailHeader.first('content-language')),
    ...languagesIn(mailHeader.first('accept-language')),
  ];
  const known = hints.flatMap((hint) => locales.find((locale) => languageOfTag(locale) === hint) ?? []);
  return { locales: [...new Set([...known, ...locales])], isGuess: known.length > 0 };
}

function languageOfDomain(address: MailAddress): string | null {
  const top = address.slice(address.lastIndexOf('.') + 1);
  const region = top in REGION_OF ? REGION_OF[top] : top.toUpperCase();
  return region != null && /^[A-Z]{2}$/.test(region) ? languageOfTag(`und-${region}`) : null;
}

/** By their weights (RFC 9110 §12.5.4), where there are any; in their order where those are equal. */
function languagesIn(field: string): (string | null)[] {
  return field
    .slice(0, MAX_READ_CHARACTERS)
    .split(',')
    .map((part) => {
      const [, tag = '', weight = '1'] =
        /^\s*([A-Za-z0-9-]{2,35})\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/.exec(part) ?? [];
      return { language: languageOfTag(tag), weight: Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ language }) => language);
}

const languages = new Map<string, string | null>();
/** Of tags that are remembered: Intl takes 0.2 ms for each, and mails name the same few. */
const MAX_TAGS = 500;

function languageOfTag(tag: string): string | null {
  let language = languages.get(tag);
  if (language === undefined) {
    if (languages.size >= MAX_TAGS) languages.clear();
    language = likeliestOf(tag);
    languages.set(tag, language);
  }
  return language;
}

function likeliestOf(tag: string): string | null {
  try {
    const { language } = new Intl.Locale(tag).maximize();
    return language === 'und' ? null : language;
  } catch {
    return null; // not a tag
  }
}
