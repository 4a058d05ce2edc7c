import { startFakeProvider } from '../../libs/oidc-bridge/src/testing/fake-provider.ts';

/* An organisation's OpenID provider, where everybody is who the request hopes for, and an auditor where it hopes for nobody. Run as a process; tells by message how it is reached. */
const provider = await startFakeProvider({ behaves: 'organisation' });
provider.signInAs(({ login_hint: email }) =>
  email === undefined ? { email: 'auditor@example.com', groups: ['compliance'] } : { email },
);
const { issuer, clientId, secret } = provider;
process.send?.({ issuer, clientId, secret });
process.once('disconnect', () => process.exit(0));
