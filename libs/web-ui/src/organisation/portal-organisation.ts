import type { Locale } from '../locales/translate.ts';
import type { OrganisationColours } from './colours.ts';
import type { Logo } from './logo.ts';

/** Whose portal it is, as pages name it. */
export interface PortalOrganisation {
  readonly name: string;
  /** Lines are kept. */
  readonly postalAddress: string;
  /** Where anyone may write. */
  readonly contactMail: string;
  /** The mail address of who answers about privacy. */
  readonly privacyContact: string;
  readonly logo?: Logo | undefined;
  readonly colours?: OrganisationColours | undefined;
  readonly telephone?: string | undefined;
  /** How a reader finds out that this is really them, by language. */
  readonly howToCheck?: Partial<Readonly<Record<Locale, string>>> | undefined;
}
