import type { Locale, Logo, OrganisationColours } from '#libs/web-ui';

/** Who sends sealed mail, as its recipients see it. From configuration; check it with `organisationProfileFaults`. */
export interface OrganisationProfile {
  /** As people know it: 1 to 100 bytes of UTF-8, one line. Stands in every carrier and in every manifest. */
  readonly name: string;
  /** Languages of the carrier, all of them in each, in this order. At least one. */
  readonly locales: readonly Locale[];
  /** The subject of carriers, in place of our own: 1 to 150 bytes, one line. The subjects of all languages stand in one, ` / ` between. */
  readonly carrierSubject?: Partial<Readonly<Record<Locale, string>>>;
  /** The first paragraph of the carrier's text, in place of our own: 1 to 240 bytes. What to do next follows it always. */
  readonly carrierText?: Partial<Readonly<Record<Locale, string>>>;
  /** Stands in `message.html` as it is. The mail around it has none: most mail programs drop pictures that are not attached. */
  readonly logo?: Logo | undefined;
  readonly colours?: OrganisationColours | undefined;
  readonly telephone?: string | undefined;
  /** How a reader finds out that this is really them: 1 to 300 bytes, one line, in every language or none. */
  readonly howToCheck?: Partial<Readonly<Record<Locale, string>>>;
  /** Whether carriers name the author of the mail in their text. Default no: a carrier says what its own From says, no more. */
  readonly showSenderName?: boolean;
  /** The zone of "can be read until": an IANA name. Default UTC. */
  readonly timeZone?: string;
}

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** What is wrong with a profile, each as one sentence for the operator; empty when it can be used. */
export function organisationProfileFaults(profile: OrganisationProfile): string[] {
  const faults: string[] = [];
  const check = (what: string, text: string | undefined, maxBytes: number) => {
    if (text === undefined) return;
    if (text.trim() === '' || Buffer.byteLength(text) > maxBytes)
      faults.push(`${what} must have 1 to ${maxBytes} bytes of UTF-8`);
    if (CONTROL.test(text)) faults.push(`${what} must be one line without control characters`);
  };
  check('the organisation’s name', profile.name, 100);
  if (profile.locales.length === 0) faults.push('a carrier needs at least one language');
  if (new Set(profile.locales).size < profile.locales.length) faults.push('a language of the carrier is named twice');
  for (const [locale, text] of Object.entries(profile.carrierSubject ?? {}))
    check(`the carrier’s subject (${locale})`, text, 150);
  for (const [locale, text] of Object.entries(profile.carrierText ?? {}))
    check(`the carrier’s text (${locale})`, text, 240);
  const howToCheck = Object.entries(profile.howToCheck ?? {});
  for (const [locale, text] of howToCheck) check(`how to check (${locale})`, text, 300);
  const missing = profile.locales.filter((locale) => profile.howToCheck?.[locale] === undefined);
  if (howToCheck.length > 0 && missing.length > 0)
    faults.push(`how to check is not said in every language of the carrier: ${missing.join(', ')}`);
  try {
    new Intl.DateTimeFormat('en', { timeZone: profile.timeZone ?? 'UTC' });
  } catch {
    faults.push(`there is no time zone ${profile.timeZone}`);
  }
  return faults;
}
