export interface PageFacts {
  /** Where its form posts to. Null: no page, or not found. */
  readonly portalUrl: string | null;
  readonly pageTitle: string | null;
}

/**
 * What the page around the ciphertext says, as far as it is found in the first bytes of a carrier or page.
 * @param front latin1; the page may be encoded as quoted-printable or base64 by a gateway on the way
 */
export function pageFactsOf(front: string): PageFacts {
  for (const text of [front, quotedPrintableDecoded(front), ...base64PartsDecoded(front)]) {
    const page = text.slice(Math.max(0, text.indexOf('<meta name="segl"')));
    const action = /<form\b[^<>]{0,200}\baction="([^"<>]{1,2000})"/i.exec(page)?.[1];
    if (action === undefined) continue;
    const title = /<title>([^<]{1,2000})<\/title>/i.exec(page)?.[1];
    return { portalUrl: unescaped(action), pageTitle: title === undefined ? null : unescaped(title) };
  }
  return { portalUrl: null, pageTitle: null };
}

function quotedPrintableDecoded(text: string): string {
  return text
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function base64PartsDecoded(text: string): string[] {
  return [...text.matchAll(/(?:^[A-Za-z0-9+/]{60,100}\r?\n){4,}/gm)].map(([block]) =>
    Buffer.from(block, 'base64').toString('latin1'),
  );
}

/** One line of printable text: it goes to a terminal, and anybody may have written it. */
function unescaped(text: string): string {
  return text
    .replace(/&#(\d{1,7});/g, (_, code: string) => String.fromCodePoint(Math.min(Number(code), 0x10ffff)))
    .replace(/&(quot|lt|gt|amp);/g, (_, name: string) => ({ quot: '"', lt: '<', gt: '>', amp: '&' })[name] ?? '')
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}
