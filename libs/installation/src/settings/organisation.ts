import type { OrganisationProfile } from '#libs/mail';
import type { PortalOrganisation } from '#libs/web-ui';
import type { Settings } from './settings.ts';

type OrganisationSettings = Settings['organisation'];

/** Who seals, as carriers show it. */
export function organisationProfile(organisation: OrganisationSettings): OrganisationProfile {
  return { ...organisation, logo: organisation.logoFile, colours: coloursOf(organisation) };
}

/** Whose portal it is, as pages show it. */
export function portalOrganisation(organisation: OrganisationSettings): PortalOrganisation {
  const { contactMail, privacyContact = contactMail, logoFile: logo } = organisation;
  return { ...organisation, contactMail, privacyContact, logo, colours: coloursOf(organisation) };
}

function coloursOf({ colour, colourInDark }: OrganisationSettings) {
  return { light: colour ?? null, dark: colourInDark ?? null };
}
