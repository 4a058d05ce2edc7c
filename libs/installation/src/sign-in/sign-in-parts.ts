import { Egress } from '#libs/egress';
import {
  googleUpstream,
  knownIssuerOf,
  microsoftUpstream,
  organisationUpstream,
  issuerOf,
  portalSigningKey,
  PORTAL_CLIENT_ID,
  CONSOLE_CLIENT_ID,
  consoleSigningKey,
} from '#libs/oidc-bridge';
import type {
  BridgeClient,
  ClientCredential,
  OidcBridgeSettings,
  OwnBridgeClientSettings,
  Upstream,
} from '#libs/oidc-bridge';
import type { Keyring } from '#libs/keyring';
import type { IdentityProviderSettings } from '#libs/recipient-access';
import type { Clock } from '#libs/vocabulary';
import { ConfigurationFault } from '../settings/configuration-fault.ts';
import type { Settings } from '../settings/settings.ts';
import { hasRole } from '../roles.ts';
import { SignInFiles } from './sign-in-files.ts';
import type { SignInSettings } from '../settings/sign-in-settings.ts';
import { issuerElsewhere, ownIssuer } from './issuer-fetch.ts';

/** What sign-in is told of the configuration, with the files that it names read. */
export interface SignInParts {
  readonly bridge: OidcBridgeSettings;
  /** Every provider that is asked: those behind the bridge, and the one in its place. */
  readonly providers: readonly Upstream[];
  /**
   * Whether any account can have a role at the console: its people sign in by the bridge also where another issuer proves readers'
   * addresses, so one of the bridge's own providers must give roles. True where another process is the bridge.
   */
  readonly hasAccountsWithRoles: boolean;
  /** @param ownAddress where this process listens, asked when the first reader signs in */
  identityProvider(keyring: Keyring, ownAddress: () => URL): IdentityProviderSettings;
  /** How the console is a client of the bridge, which is this process or a portal elsewhere. */
  consoleClient(keyring: Keyring, ownAddress: () => URL): OwnBridgeClientSettings;
}

interface Credentials {
  readonly clientSecretFile?: string | undefined;
  readonly privateKeyFile?: string | undefined;
  readonly certificateFile?: string | undefined;
}

/**
 * A process that is no portal signs nobody in: it has no use for the providers' secrets nor for the clients' keys, and does not
 * look for them.
 * @throws ConfigurationFault with every file that cannot be used, and every provider that cannot be as it is described
 */
export function signInParts(settings: Settings, clock: Clock): SignInParts {
  const files = new SignInFiles();
  const isPortal = hasRole(settings, 'portal');
  const upstreams = isPortal ? upstreamsOf(settings.signIn, files, clock) : [];
  const clients = settings.signIn.clients.map((client) => bridgeClientOf(client, isPortal ? files : null));
  const publicUrl = new URL(settings.publicUrl);
  const redirectUri = new URL('/authenticate', publicUrl).href;
  const consoleRedirectUri = new URL('/console/signed-in', publicUrl).href;
  const other = isPortal ? settings.signIn.otherIssuer : undefined;
  const outside = other && otherIssuerOf(other, files, clock);
  if (files.faults.length > 0) throw new ConfigurationFault(files.faults);

  return {
    bridge: {
      publicUrl,
      organisation: settings.organisation.name,
      portalRedirectUri: redirectUri,
      consoleRedirectUri,
      clients,
      upstreams,
      sharedMailboxes: settings.signIn.sharedMailboxes,
      noPasscodeFor: settings.signIn.noPasscodeFor,
      demonstration: settings.demonstration,
    },
    providers: outside === undefined ? upstreams : [...upstreams, outside],
    hasAccountsWithRoles: !isPortal || upstreams.some(({ givesRoles }) => givesRoles),
    identityProvider(keyring, ownAddress) {
      if (other !== undefined && outside !== undefined)
        return { clientId: other.clientId, redirectUri, provider: outside };
      return {
        clientId: PORTAL_CLIENT_ID,
        redirectUri,
        provider: {
          issuer: new URL(issuerOf(publicUrl)),
          clientKeys: () => [portalSigningKey(keyring, clock.now())].filter((key) => key !== null),
          bridgeKeys: () => keyring.oidcPublicKeys(),
          fetch: ownIssuer(publicUrl, ownAddress),
        },
      };
    },
    consoleClient(keyring, ownAddress) {
      const portalUrl = new URL(settings.console.portalUrl ?? publicUrl);
      return {
        issuer: new URL(issuerOf(publicUrl)),
        clientId: CONSOLE_CLIENT_ID,
        redirectUri: consoleRedirectUri,
        clientKeys: () => [consoleSigningKey(keyring, clock.now())].filter((key) => key !== null),
        fetch: isPortal ? ownIssuer(publicUrl, ownAddress) : issuerElsewhere(publicUrl, portalUrl),
      };
    },
  };
}

/** An upstream like those of the bridge, for whichever address. What can be wrong with it is found at the start, not by the first reader. */
function otherIssuerOf(
  other: NonNullable<SignInSettings['otherIssuer']>,
  files: SignInFiles,
  clock: Clock,
): Upstream | undefined {
  const setting = 'signIn.otherIssuer';
  const given = openIdProviderOf(setting, other, files);
  try {
    if (knownIssuerOf(other.issuer) !== null) {
      throw new RangeError(
        `${other.issuer} has rules of its own: configure it under signIn.microsoft or signIn.google`,
      );
    }
    const { host } = new URL(other.issuer);
    return organisationUpstream({ ...given, id: 'other-issuer', name: host, domains: 'any' }, new Egress(), clock);
  } catch (error) {
    files.faults.push(`${setting}: ${(error as Error).message}`);
    return undefined;
  }
}

function upstreamsOf(signIn: SignInSettings, files: SignInFiles, clock: Clock): Upstream[] {
  const egress = new Egress();
  const made: Upstream[] = [];
  const make = (id: string, of: () => Upstream) => {
    try {
      made.push(of());
    } catch (error) {
      files.faults.push(`signIn: ${id}: ${(error as Error).message}`);
    }
  };
  for (const config of signIn.microsoft) {
    const credential = credentialOf(`signIn: ${config.id}`, config, files);
    const { id, name, accounts, clientId, domains, privateAddresses, authority } = config;
    const given = { id, name, accounts, clientId, credential, domains, privateAddresses, ...rolesOf(config) };
    make(id, () => microsoftUpstream({ ...given, ...(authority === undefined ? {} : { authority }) }, egress, clock));
  }
  for (const config of signIn.google) {
    const credential = credentialOf(`signIn: ${config.id}`, config, files);
    const { id, name, clientId, workspaceDomains, domains, privateAddresses, issuer } = config;
    const given = {
      ...{ id, name, clientId, credential, workspaceDomains, privateAddresses },
      ...(domains === undefined ? {} : { authoritativeDomains: domains }),
      ...rolesOf(config),
    };
    make(id, () => googleUpstream({ ...given, ...(issuer === undefined ? {} : { issuer }) }, egress, clock));
  }
  for (const config of signIn.organisation) {
    const given = openIdProviderOf(`signIn: ${config.id}`, config, files);
    make(config.id, () => organisationUpstream({ ...given, ...rolesOf(config) }, egress, clock));
  }
  return made;
}

/** With the files that it names read. */
function openIdProviderOf<Config extends Credentials & { readonly caFile?: string | undefined }>(
  setting: string,
  config: Config,
  files: SignInFiles,
) {
  const { caFile, clientSecretFile, privateKeyFile, certificateFile, ...plain } = config;
  const credential = credentialOf(setting, { clientSecretFile, privateKeyFile, certificateFile }, files);
  const certificateAuthorities = caFile === undefined ? undefined : files.authorities(`${setting}: caFile`, caFile);
  return { ...plain, credential, ...(certificateAuthorities === undefined ? {} : { certificateAuthorities }) };
}

/** A name of Auth0's form (`https://example.com/roles`) is one name, dots and all: no dot of it leads anywhere. */
function rolesOf({ rolesClaim, roles }: Pick<SignInSettings['organisation'][number], 'rolesClaim' | 'roles'>) {
  if (rolesClaim === undefined) return {};
  const claim = rolesClaim.includes('://') ? rolesClaim : rolesClaim.split('.');
  return { roleMapping: { claim, roles: new Map(Object.entries(roles)) } };
}

/** With a fault kept, what comes back is good for nothing: nothing starts on it. */
function credentialOf(setting: string, given: Credentials, files: SignInFiles): ClientCredential {
  if (given.privateKeyFile === undefined) {
    const secret = files.secret(`${setting}: clientSecretFile`, given.clientSecretFile ?? '');
    return { secret: secret === '' ? 'none: the fault is told' : secret };
  }
  const privateKey = files.privateKey(`${setting}: privateKeyFile`, given.privateKeyFile);
  if (privateKey === null) return { secret: 'none: the fault is told' };
  if (given.certificateFile === undefined) return { privateKey };
  const certificate = files.certificate(`${setting}: certificateFile`, given.certificateFile);
  if (certificate === null) return { privateKey };
  if (!certificate.checkPrivateKey(privateKey)) {
    files.faults.push(`${setting}: certificateFile: ${given.certificateFile} is of another key than privateKeyFile`);
  }
  return { privateKey, certificate };
}

function bridgeClientOf(client: SignInSettings['clients'][number], files: SignInFiles | null): BridgeClient {
  const { clientId, kind, name = clientId, scopes, redirectUris, passcodesPerHour, idTokenAlgorithm } = client;
  const publicKeys =
    files === null ? [] : files.publicKeys(`signIn.clients: ${clientId}: publicKeyFile`, client.publicKeyFile);
  return kind === 'program'
    ? { kind, clientId, name, publicKeys, scopes }
    : { kind, clientId, name, publicKeys, redirectUris, passcodesPerHour, idTokenAlgorithm };
}
