/** Environment variable → where its value goes. Lists are separated by commas. Everything else is for the YAML file. */
export const VARIABLES: Readonly<Record<string, string>> = {
  SEGL_PUBLIC_URL: 'publicUrl',
  SEGL_FORMER_HOSTS: 'formerHosts',
  SEGL_HTTP_HOST: 'httpHost',
  SEGL_HTTP_PORT: 'httpPort',
  SEGL_MANAGEMENT_HOST: 'managementHost',
  SEGL_MANAGEMENT_PORT: 'managementPort',
  SEGL_DRAIN_SECONDS: 'drainSeconds',
  SEGL_DATA_DIR: 'dataDir',
  SEGL_EVENT_STORE: 'eventStore',
  SEGL_EPHEMERAL_STORE: 'ephemeralStore',
  SEGL_PERSON_KEYS: 'personKeys',
  SEGL_ROLES: 'roles',
  SEGL_KEYRING: 'keyring',
  SEGL_RELAY_URL: 'relayUrl',
  SEGL_SMTP_HOST: 'smtp.host',
  SEGL_SMTP_PORT: 'smtp.port',
  SEGL_SMTP_TLS_PORT: 'smtp.tlsPort',
  SEGL_SMTP_NAME: 'smtp.name',
  SEGL_SMTP_CERTIFICATE_FILE: 'smtp.certificateFile',
  SEGL_SMTP_PRIVATE_KEY_FILE: 'smtp.privateKeyFile',
  SEGL_SMTP_CLIENT_AUTHORITIES_FILE: 'smtp.clientAuthoritiesFile',
  SEGL_SMTP_WITHOUT_TLS: 'smtp.withoutTls',
  SEGL_TRUSTED_PROXIES: 'trustedProxies',
  SEGL_PROXY_HEADER: 'proxyHeader',
  SEGL_LOG_LEVEL: 'logLevel',
  SEGL_ORGANISATION_NAME: 'organisation.name',
  SEGL_ORGANISATION_LOCALES: 'organisation.locales',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'organisation.postalAddress',
  SEGL_ORGANISATION_CONTACT_MAIL: 'organisation.contactMail',
  SEGL_ORGANISATION_TIME_ZONE: 'organisation.timeZone',
  SEGL_ORGANISATION_PRIVACY_CONTACT: 'organisation.privacyContact',
  SEGL_ORGANISATION_TELEPHONE: 'organisation.telephone',
  SEGL_ORGANISATION_LOGO_FILE: 'organisation.logoFile',
  SEGL_ORGANISATION_COLOUR: 'organisation.colour',
  SEGL_ORGANISATION_COLOUR_IN_DARK: 'organisation.colourInDark',
  SEGL_ORGANISATION_SHOW_SENDER_NAME: 'organisation.showSenderName',
  SEGL_PASSCODE_SENDER: 'passcode.sender',
  SEGL_SEALING_LIFETIME_DAYS: 'sealing.lifetimeDays',
  SEGL_SEALING_HAND_OFF: 'sealing.handOff',
  SEGL_SEALING_MAX_MAIL_BYTES: 'sealing.maxMailBytes',
  SEGL_PORTAL_EPHEMERAL_MAX_BYTES: 'portal.ephemeralMaxBytes',
  SEGL_UPLOADS_MAX_BYTES: 'uploads.maxBytes',
  SEGL_PORTAL_RECORD_NETWORK_ADDRESS: 'portal.recordNetworkAddress',
};
export const LISTS: ReadonlySet<string> = new Set(['formerHosts', 'roles', 'trustedProxies', 'organisation.locales']);

/** Both names, where there are two: operators search for the one they wrote. */
export function nameOf(path: string): string {
  const variable = Object.keys(VARIABLES).find((name) => `${path}.`.startsWith(`${VARIABLES[name]}.`));
  return variable === undefined ? path : `${variable} (${path})`;
}
