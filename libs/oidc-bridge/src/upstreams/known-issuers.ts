/** Where Entra issues tokens: its public cloud, and the clouds of the United States' government and of China. */
const MICROSOFT_HOSTS = [
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login-us.microsoftonline.com',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
  'login.microsoft.com',
  'login.windows.net',
  'sts.windows.net',
];
const GOOGLE_HOST = 'accounts.google.com';
/** `/<tenant's GUID>/v2.0`: an issuer of this form is an Entra wherever it stands, in another cloud or under a name of its own. */
const ENTRA_PATH = /^\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\/v2\.0$/;

export type KnownIssuer =
  | {
      readonly provider: 'microsoft';
      /** Without a slash at the end. */ readonly authority: string;
      readonly tenant: string;
    }
  | { readonly provider: 'google' };

/**
 * Whose rules a token of this issuer is held to, whatever setting names it: Microsoft's, Google's, or (null) those of an
 * organisation's own provider.
 * @throws RangeError for an issuer of Microsoft's or Google's that is not in the one form in which it issues tokens
 */
export function knownIssuerOf(issuer: string): KnownIssuer | null {
  const { hostname, origin, pathname } = new URL(issuer);
  const host = hostname.replace(/\.$/, '');
  const [, tenant] = ENTRA_PATH.exec(pathname) ?? [];
  if (tenant !== undefined && issuer === `${origin}${pathname}`)
    return { provider: 'microsoft', authority: origin, tenant };
  if (MICROSOFT_HOSTS.includes(host) || ENTRA_PATH.test(pathname.toLowerCase())) {
    throw new RangeError(
      `${issuer} is Microsoft’s and must be written https://login.microsoftonline.com/<tenant id>/v2.0`,
    );
  }
  if (host !== GOOGLE_HOST) return null;
  if (issuer !== `https://${GOOGLE_HOST}`)
    throw new RangeError(`${issuer} is Google’s and must be written https://accounts.google.com`);
  return { provider: 'google' };
}
