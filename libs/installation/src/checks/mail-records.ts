import { Resolver } from 'node:dns/promises';

/** What is asked of DNS; a Resolver. */
export interface TextRecords {
  resolveTxt(name: string): Promise<string[][]>;
}

export interface MailDomain {
  readonly domain: string;
  /** What each selector of ours must say, by its name below the domain. Empty: nothing is signed for it. */
  readonly dkim: ReadonlyMap<string, string>;
}

const TRIES = 1;
const TIMEOUT_MS = 2000;

export function ownResolver(): TextRecords {
  return new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
}

/**
 * What receivers look up of a domain that we send as: SPF (RFC 7208), DMARC (RFC 7489) and our DKIM keys (RFC 6376). DMARC is looked
 * for at the domain and at those above it, without asking which of them is an organisation's.
 * @returns what is missing or wrong, in an operator's words; empty when all is there
 */
export async function faultsOfMailRecords(
  { domain, dkim }: MailDomain,
  dns: TextRecords = ownResolver(),
): Promise<string[]> {
  const faults: string[] = [];
  const spf = await textOf(dns, domain);
  if (spf === null) return [`DNS could not be asked about ${domain}`];
  const policies = spf.filter((text) => /^v=spf1(?: |$)/i.test(text));
  if (policies.length === 0)
    faults.push(`${domain} has no SPF record (TXT "v=spf1 …"): name the relay that sends for it`);
  if (policies.length > 1) faults.push(`${domain} has ${policies.length} SPF records: receivers take none of them`);
  const above = domain.split('.').map((_, at, labels) => labels.slice(at).join('.'));
  const names = above.filter((name) => name.includes('.')).map((name) => `_dmarc.${name}`);
  const dmarc = await Promise.all(names.map((name) => textOf(dns, name)));
  if (!dmarc.some((texts) => texts?.some((text) => /^v=DMARC1(?: *;|$)/.test(text))))
    faults.push(`${domain} has no DMARC record (TXT _dmarc.${domain} "v=DMARC1; …")`);
  for (const [selector, record] of dkim) {
    const name = `${selector}._domainkey.${domain}`;
    const texts = (await textOf(dns, name)) ?? [];
    if (texts.length === 0)
      faults.push(`${name} is not there, though mail is signed by it: "segl dkim record" prints it`);
    else if (!texts.some((text) => publicKeyIn(text) === publicKeyIn(record)))
      faults.push(`${name} holds another key than ours: "segl dkim record" prints ours`);
  }
  return faults;
}

/** @returns null where DNS itself does not answer */
async function textOf(dns: TextRecords, name: string): Promise<string[] | null> {
  try {
    return (await dns.resolveTxt(name)).map((parts) => parts.join(''));
  } catch (error) {
    const { code } = error as { code?: string };
    return code === 'ENOTFOUND' || code === 'ENODATA' ? [] : null;
  }
}

function publicKeyIn(record: string): string {
  return (/(?:^|;)\s*p=([^;]*)/.exec(record)?.[1] ?? '').replace(/\s/g, '');
}
