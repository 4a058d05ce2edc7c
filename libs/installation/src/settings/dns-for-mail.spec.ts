import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readSettings } from './config.ts';
import { takesBounces } from './gateway-settings.ts';

const page = readFileSync(new URL('../../../../ops/runbooks/dns-for-mail.md', import.meta.url), 'utf8');
const snippets = [...page.matchAll(/```yaml segl\.yaml\n([^]*?)```/g)].map(([, text = '']) => text);
const LISTENING = `
smtp:
  host: 127.0.0.1
  clients: [{ clientId: postfix, networks: [127.0.0.1], senders: ['@nordlys.example'] }]
`;

it('the page on DNS says settings that are taken, and names that they make', () => {
  const place = mkdtempSync(join(tmpdir(), 'segl-dns-page-'));
  try {
    writeFileSync(join(place, 'segl.yaml'), snippets.join('') + LISTENING);
    const settings = readSettings({
      SEGL_PUBLIC_URL: 'https://post.nordlys.example',
      SEGL_RELAY_URL: 'smtp://relay.nordlys.example',
      SEGL_ORGANISATION_NAME: 'Nordlys',
      SEGL_ORGANISATION_POSTAL_ADDRESS: 'Havnegade 1, 1058 København K',
      SEGL_ORGANISATION_CONTACT_MAIL: 'post@nordlys.example',
      SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
      SEGL_PASSCODE_SENDER: 'codes@nordlys.example',
      SEGL_CONFIG: join(place, 'segl.yaml'),
    });
    expect(snippets).toHaveLength(2);
    expect(takesBounces(settings)).toBe(true);
    const { domains, selector, keyVersion } = settings.dkim;
    for (const kind of ['rsa', 'ed25519'])
      expect(page).toContain(`${selector}-${kind}-${keyVersion}._domainkey.${domains[0]}. `);
  } finally {
    rmSync(place, { recursive: true });
  }
});
