import { resolve } from 'node:path';
import { z } from 'zod';
import { NAMED_BY_DEFAULT, NAMING_ACCOUNTS } from '#libs/oidc-bridge';
import { AddressRefused, parseWrittenAddress } from '#libs/vocabulary';
import { webhookContradictions, webhookSchema } from './webhook-settings.ts';

/** Everything about who may sign in how, and which programs there are. Secrets are files: none stands in the configuration. */

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const name = z.string().regex(NAME, 'is not a name of a–z, 0–9 and hyphens, 63 at most');
const file = z.string().transform((path) => resolve(path));
const httpUrl = z.url({ protocol: /^https?$/ });
/** OpenID Connect Discovery 1.0 §2: metadata lie below it, so nothing may follow the path. */
const issuerUrl = httpUrl.regex(/^[^?#@]+$/, 'has a query, a fragment or a user, which no issuer has');
const host = z
  .string()
  .regex(/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/, 'is not a host, or host:port, in lower case');
const domain = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'is not a domain in lower case');
/** One address, or every address of a domain, written `@example.com`. */
export const addressRule = z.string().transform((text, context): string => {
  try {
    return text.startsWith('@') ? parseWrittenAddress(`a${text}`).slice(1) : parseWrittenAddress(text);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    if (/^[!-?A-~]*@[!-?A-~]+$/.test(text)) return text.toLowerCase(); // as ever: it is nobody's
    context.addIssue('is neither an address nor @domain');
    return z.NEVER;
  }
});
const yesOrNo = z.boolean();

const secretOrKey = {
  clientId: z.string().min(1).describe('the client id that the provider gave'),
  clientSecretFile: file.optional().describe('path of a file that holds the client secret'),
  privateKeyFile: file.optional().describe('instead: path of a PEM private key (private_key_jwt)'),
};
const credential = {
  ...secretOrKey,
  certificateFile: file.optional().describe('path of the PEM certificate registered with that key, where there is one'),
};

const roles = {
  rolesClaim: z.string().min(1).optional().describe('the claim that gives console roles; a dot leads into a claim'),
  roles: z.record(z.string(), z.array(z.string()).min(1)).default({}).describe('value of that claim → console roles'),
};

const microsoft = z.object({
  id: name.default('microsoft').describe('in the redirect URI /sign-in/callback/<id>, and in the record'),
  name: z.string().min(1).default('Microsoft').describe('on the button'),
  accounts: z
    .union([z.enum(['personal', 'work', 'both']), z.guid()])
    .default('both')
    .describe('`personal`, `work` (and school), `both`, or the id of the one tenant'),
  ...credential,
  authority: issuerUrl.optional().describe('of a national cloud; default: https://login.microsoftonline.com'),
  domains: z.array(domain).default([]).describe('whose people are known to have such an account: proves nothing'),
  ...roles,
  privateAddresses: z.array(z.string()).default([]).describe('addresses or ranges outside the Internet it may have'),
});

const google = z.object({
  id: name.default('google').describe('in the redirect URI /sign-in/callback/<id>, and in the record'),
  name: z.string().min(1).default('Google').describe('on the button'),
  ...credential,
  workspaceDomains: z.array(domain).default([]).describe('domains known to be Google Workspaces: proves nothing'),
  domains: z
    .array(domain)
    .min(1)
    .optional()
    .describe('the only domains whose addresses it proves; console roles need them'),
  ...roles,
  issuer: issuerUrl.optional().describe('another Google, of a test'),
  privateAddresses: z.array(z.string()).default([]).describe('addresses or ranges outside the Internet it may have'),
});

/** How an OpenID provider is spoken to, and what of its words counts. */
const openIdProvider = {
  addressClaim: z.string().min(1).default('email').describe('the claim that holds the address'),
  isAddressAlwaysVerified: yesOrNo
    .default(false)
    .describe('whether administrators alone write that claim; `email_verified` is then not asked for'),
  isVerifiedAsText: yesOrNo
    .default(false)
    .describe(
      'whether `email_verified` may be the text "true" (Cognito, JumpCloud). Danger: such a provider may pass on what a person wrote of themselves; only where nobody but the provider can set it',
    ),
  scopes: z.array(z.string()).default([]).describe('scopes to ask for beside openid and email'),
  hosts: z.array(host).default([]).describe('further hosts of its endpoints'),
  privateAddresses: z.array(z.string()).default([]).describe('addresses or ranges outside the Internet it may have'),
  caFile: file.optional().describe('path of a PEM file of further certification authorities'),
  assertionAudience: z
    .enum(['issuer', 'token-endpoint'])
    .default('issuer')
    .describe('`aud` of our private_key_jwt; AD FS and Okta want `token-endpoint`'),
};

const organisation = z.object({
  id: name.default('organisation').describe('in the redirect URI /sign-in/callback/<id>, and in the record'),
  name: z.string().min(1).describe('on the button: what people of the organisation call it'),
  issuer: issuerUrl.describe('to the letter as the provider’s metadata says it'),
  ...credential,
  domains: z.array(domain).min(1).describe('the domains it is authoritative for, without their subdomains'),
  ...roles,
  ...openIdProvider,
});

const client = z.object({
  clientId: name.describe('a name for the program or application; `portal` is taken'),
  kind: z
    .enum(['program', 'application', 'console'])
    .describe('`program`: signs in as itself; `application` and `console`: sign people in'),
  name: z.string().min(1).optional().describe('shown to people on the sign-in page; default: its clientId'),
  publicKeyFile: file.describe('path of its public keys: PEM, or a JWK set (private_key_jwt, RFC 7523)'),
  scopes: z
    .array(z.enum(['messages:seal', 'messages:revoke', 'audit:read', 'audit:export']))
    .default([])
    .describe(
      'program: what it may do; `audit:read` asks and proves, `audit:export` follows the record and takes it away',
    ),
  senders: z.array(addressRule).default([]).describe('program with messages:seal: whom it may write as'),
  webhook: webhookSchema.optional().describe('program with messages:seal: where what becomes of its messages is sent'),
  redirectUris: z.array(httpUrl).default([]).describe('application, console: compared exactly'),
  idTokenAlgorithm: z
    .enum(['ES256', 'RS256'])
    .default('ES256')
    .describe('application, console: what its ID tokens are signed with; RS256 needs an `oidc-rsa` key in the keyring'),
  passcodesPerHour: z.coerce
    .number()
    .int()
    .min(0)
    .default(60)
    .describe('application: codes to addresses of its own choosing in an hour'),
});

const sharedMailbox = z.object({
  mailboxes: z.array(addressRule).min(1).describe('addresses that several people read, or whole domains'),
  reader: z.enum(['state', 'account']).describe('after a code: people `state` their name, or prove an `account`'),
  namedBy: z
    .array(z.enum(NAMING_ACCOUNTS))
    .default([...NAMED_BY_DEFAULT])
    .describe(
      'which accounts say who reads: `account-with-address` proves an address of its own, `mailbox-account` is of the mailbox itself, `any-account` may show no more than an opaque id; of any other, the name is asked for as well',
    ),
});

const otherIssuer = z.object({
  issuer: issuerUrl.describe('to the letter as the provider’s metadata says it'),
  ...credential,
  ...openIdProvider,
});

export const signInSchema = z
  .object({
    microsoft: z
      .array(microsoft)
      .default([])
      .describe('Microsoft: one button each; personal, work and school accounts'),
    google: z.array(google).default([]).describe('Google'),
    organisation: z.array(organisation).default([]).describe('OpenID providers of organisations'),
    clients: z.array(client).default([]).describe('programs that use the API, and clients of the sign-in itself'),
    sharedMailboxes: z.array(sharedMailbox).default([]).describe('mailboxes where the record shall say who read'),
    noPasscodeFor: z
      .array(addressRule)
      .default([])
      .describe('addresses, or whole domains, that no code is sent to: ticket systems, say, where others would see it'),
    otherIssuer: otherIssuer
      .optional()
      .describe('another OpenID provider that proves addresses for the portal, in place of its own'),
  })
  .prefault({});

export type SignInSettings = z.output<typeof signInSchema>;

/** What is wrong with settings that are each well in themselves. */
export function signInContradictions(signIn: SignInSettings): string[] {
  const faults: string[] = [];
  const upstreams = [...signIn.microsoft, ...signIn.google, ...signIn.organisation];
  for (const twice of doubled(upstreams.map(({ id }) => id))) faults.push(`signIn: two providers have the id ${twice}`);
  for (const twice of doubled(['portal', ...signIn.clients.map(({ clientId }) => clientId)])) {
    faults.push(`signIn.clients: ${twice} stands twice${twice === 'portal' ? ': it is the portal itself' : ''}`);
  }
  for (const { id, address, ...provider } of providersOf(signIn)) {
    const { clientSecretFile, privateKeyFile, certificateFile, privateAddresses } = provider;
    if ((clientSecretFile === undefined) === (privateKeyFile === undefined)) {
      faults.push(`signIn: ${id} needs a clientSecretFile or a privateKeyFile, and not both`);
    }
    if (certificateFile !== undefined && privateKeyFile === undefined) {
      faults.push(`signIn: ${id} has a certificateFile without the privateKeyFile that it belongs to`);
    }
    if (address?.startsWith('http:') === true && privateAddresses.length === 0) {
      faults.push(`signIn: ${id} is at ${address}: http is spoken to privateAddresses alone, and none is listed`);
    }
  }
  for (const { id, rolesClaim, roles } of upstreams) {
    if ((rolesClaim === undefined) !== (Object.keys(roles).length === 0)) {
      faults.push(`signIn: ${id}: rolesClaim and roles go together`);
    }
  }
  for (const { clientId, kind, scopes, senders, redirectUris } of signIn.clients) {
    const isProgram = kind === 'program';
    const name = `signIn.clients: ${clientId}`;
    if (isProgram && scopes.length === 0) faults.push(`${name} is a program without scopes: it could do nothing`);
    if (isProgram && redirectUris.length > 0) faults.push(`${name} is a program: it has no redirectUris`);
    if (!isProgram && redirectUris.length === 0) faults.push(`${name} signs people in and needs redirectUris`);
    if (!isProgram && (scopes.length > 0 || senders.length > 0)) {
      faults.push(`${name} signs people in: scopes and senders are for programs`);
    }
    if (scopes.includes('messages:seal') !== senders.length > 0) {
      faults.push(`${name}: messages:seal and senders go together`);
    }
  }
  faults.push(...webhookContradictions(signIn.clients));
  for (const { mailboxes, reader } of signIn.sharedMailboxes) {
    if (reader === 'account' && upstreams.length === 0) {
      faults.push(`signIn.sharedMailboxes: ${mailboxes.join(', ')} want an account, and no provider is configured`);
    }
  }
  return faults;
}

/** Whoever is spoken to, with where that is when the configuration says it. */
function providersOf({ microsoft, google, organisation, otherIssuer: other }: SignInSettings) {
  return [
    ...microsoft.map((config) => ({ ...config, address: config.authority })),
    ...google.map((config) => ({ ...config, address: config.issuer })),
    ...organisation.map((config) => ({ ...config, address: config.issuer })),
    ...(other === undefined ? [] : [{ ...other, id: 'otherIssuer', address: other.issuer }]),
  ];
}

function doubled(names: readonly string[]): Set<string> {
  return new Set(names.filter((text, index) => names.indexOf(text) !== index));
}
