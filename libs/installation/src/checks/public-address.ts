/** How long an answer may take. */
const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Paths of the management port: whoever reaches them from outside reads what only operators may. */
const NOT_FOR_READERS = ['/metrics', '/readyz'];

/**
 * Looks at the portal as readers reach it, from this machine: that it answers as ours, over TLS, with the headers that our answers
 * have, and that what is for those who watch is not there.
 * @returns what is wrong, in an operator's words; empty when all is well
 */
export async function faultsOfPublicAddress(publicUrl: string, ask: typeof fetch = fetch): Promise<string[]> {
  const at = (path: string) => new URL(path, publicUrl).href;
  const get = (path: string) =>
    ask(at(path), { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'text/plain' } });
  let health: Response;
  try {
    health = await get('/healthz');
  } catch (error) {
    return [`nothing answers at ${at('/healthz')} (${reasonOf(error)})`];
  }
  const faults: string[] = [];
  if (health.status !== 200) faults.push(`${at('/healthz')} answers ${health.status}: is that Segl, and does it run?`);
  await discard(health);
  const help = await get('/help').catch(() => null);
  if (help?.status === 200) {
    if (!help.headers.has('content-security-policy'))
      faults.push('pages come without their Content-Security-Policy: the proxy takes it away');
    if (publicUrl.startsWith('https:') && !help.headers.has('strict-transport-security'))
      faults.push('pages come without Strict-Transport-Security: the proxy takes it away, or it is switched off');
  } else {
    faults.push(
      `${at('/help')} ${help === null ? 'does not answer' : `answers ${help.status}`}: the paths of the portal lead elsewhere`,
    );
  }
  if (help !== null) await discard(help);
  for (const path of NOT_FOR_READERS) {
    const answer = await get(path).catch(() => null);
    if (answer?.status === 200) faults.push(`${at(path)} answers readers: it belongs to the management port alone`);
    if (answer !== null) await discard(answer);
  }
  return faults;
}

/**
 * Whether what comes by an older name of the portal reaches it, and under that name: a proxy that writes another would have readers'
 * sessions on two hosts.
 */
export async function faultsOfFormerHost(
  publicUrl: string,
  host: string,
  ask: typeof fetch = fetch,
): Promise<string[]> {
  const address = new URL('/help', publicUrl);
  address.hostname = host;
  const wanted = new URL('/help', publicUrl).href;
  try {
    const answer = await ask(address.href, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await discard(answer);
    if (answer.headers.get('location') === wanted) return [];
    return [`${address.href} does not lead to ${wanted}: does the proxy send it here, and keep the field Host?`];
  } catch (error) {
    return [
      `nothing answers at ${address.href} (${reasonOf(error)}): attachments that were sealed under it do not open`,
    ];
  }
}

async function discard(answer: Response): Promise<void> {
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += (piece as Uint8Array).length;
    if (bytes > MAX_ANSWER_BYTES) return;
  }
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } } | null)?.cause;
  return cause?.code ?? cause?.message ?? (error as Error).name;
}
