import type { Author, OrganisationProfile } from '#libs/mail';

/**
 * The name of who wrote a mail, where the organisation shows it before sign-in. Null for none, for one that reads as another
 * address, and for one beside another address than the mail is sent from: it could be anybody's.
 */
export function shownSenderName(
  { displayName, namesAnother, address }: Author,
  sender: string,
  { showSenderName = false }: OrganisationProfile,
): string | null {
  return showSenderName && displayName !== '' && !namesAnother && address === sender ? displayName : null;
}
