import { existsSync } from 'node:fs';
import type { Browser, LaunchOptions } from 'playwright-core';

/** As it runs for root, without a GPU, and without asking anything of the network by itself (stack.md section 9). */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where a real browser is on this machine, or null: stories then say that they were skipped. */
export function chromiumPath(): string | null {
  const candidates = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-headless-shell'];
  return candidates.find((path) => path !== undefined && existsSync(path)) ?? null;
}

/** The caller closes it. @throws TypeError when there is none: ask chromiumPath first */
export async function launchChromium(options: Pick<LaunchOptions, 'ignoreDefaultArgs'> = {}): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new TypeError('no Chromium on this machine');
  const { chromium } = await import('playwright-core'); // 4 MB of code that most who come through this door have no use for
  return chromium.launch({ executablePath, headless: true, args: ARGUMENTS, ...options });
}
