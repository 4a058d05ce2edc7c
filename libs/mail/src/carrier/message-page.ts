import type { MessageId } from '#libs/vocabulary';
import { shownSize } from '#libs/web-ui';
import type { Direction, Logo, OrganisationColours } from '#libs/web-ui';
import type { LocalCarrierTexts, PortalAddresses } from './carrier-texts.ts';
import type { OrganisationProfile } from './organisation-profile.ts';

/**
 * What a reader of carriers looks for near the top of message.html: `<meta name="segl" content="1 <messageId>">`, 1 being the
 * version of this page's structure. The field with the ciphertext comes some lines below it.
 */
export const CARRIER_MARK = '<meta name="segl" content="1 ';

/**
 * Text keeps a contrast of 7:1 in both settings (WCAG 1.4.6), an organisation's own colour one of 4.5:1 (1.4.3); a button is at
 * least 44 px high (2.5.8).
 */
const styleWith = (colours: OrganisationColours | undefined): string => {
  const [light, dark] = [colours?.light ?? '#134e5e', colours?.dark ?? '#93cfe0'];
  return `:root{color-scheme:light dark}
body{margin:0;padding:1.5rem 1rem;font:1.0625rem/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;overflow-wrap:anywhere}
main{max-width:34rem;margin:0 auto}
h1,h2{font-size:1.375rem;line-height:1.25;margin:0 0 1rem;hyphens:auto}
details{border-top:1px solid #767d86;margin-top:2rem;padding-top:.5rem}
summary{padding:.75rem 0;cursor:pointer;color:${light}}
.from{margin-top:-.75rem}
.without{font-size:.9375rem;border-left:3px solid #767d86;padding-left:.75rem}
button{font:inherit;font-weight:600;min-height:2.75rem;padding:.6rem 1.4rem;border:2px solid ${light};border-radius:.4rem;color:#fff;background:${light};cursor:pointer}
a{color:${light}}
a:focus-visible,button:focus-visible,summary:focus-visible{outline:3px solid ${light};outline-offset:3px}
@media(prefers-color-scheme:dark){body{color:#e9ebee;background:#14171a}button{color:#0d1115;background:${dark};border-color:${dark}}a,summary{color:${dark}}a:focus-visible,button:focus-visible,summary:focus-visible{outline-color:${dark}}}
@media print{button{display:none}}
img{background:#fff;padding:4px;border-radius:4px}`;
};

export interface MessagePageParts {
  /** Ends within the value of the field `m`, at the beginning of a line: base64url and line ends follow. */
  readonly beforeCiphertext: string;
  readonly afterCiphertext: string;
}

/**
 * `message.html`, plain ASCII with CRLF line ends. One form, one field; no script, nothing loaded from anywhere (which its own policy
 * forbids as well). The field comes before the buttons: a reader who can press one has the whole of the ciphertext.
 */
export function messagePage(
  messageId: MessageId,
  texts: readonly LocalCarrierTexts[],
  portal: PortalAddresses,
  { logo, colours }: Pick<OrganisationProfile, 'logo' | 'colours'>,
): MessagePageParts {
  const [first, ...others] = texts;
  if (!first) throw new TypeError('a carrier needs at least one language');
  const pictures = logo === undefined ? '' : ' img-src data:;';
  const policy = `default-src 'none'; style-src 'unsafe-inline';${pictures} form-action ${portal.origin}; base-uri 'none'`;
  const beforeCiphertext = `<!DOCTYPE html>
<html${languageOf(first)}>
<head>
<meta charset="utf-8">
${CARRIER_MARK}${messageId}">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(first.page.title)}</title>
<style>
${styleWith(colours)}
</style>
</head>
<body>
<main>
<form method="post" action="${escapeHtml(portal.open)}">
<input type="hidden" name="m" value="
`;
  const afterCiphertext = `">
${logo === undefined ? '' : picture(logo)}${section(first, 'h1', portal)}
${others.map((local) => folded(local, first, portal)).join('\n')}
</form>
</main>
</body>
</html>
`;
  return { beforeCiphertext: asciiLines(beforeCiphertext), afterCiphertext: asciiLines(afterCiphertext) };
}

/** Small and in front: a program that shows no forms, or only looks as if it did, leaves its reader with this alone. */
const section = (texts: LocalCarrierTexts, heading: 'h1' | 'h2', portal: PortalAddresses): string => {
  const { page } = texts;
  return `<${heading}>${escapeHtml(page.title)}</${heading}>
<p class="from">${escapeHtml(texts.sentFrom)}</p>
<p>${escapeHtml(page.intro)}</p>
<p class="without">${escapeHtml(page.elsewhere)} <a${directionOfAddress(texts)} href="${escapeHtml(portal.handIn)}">${escapeHtml(portal.handIn)}</a></p>
<p><button>${escapeHtml(page.button)}</button></p>
<p>${escapeHtml(page.check)}</p>
<p>${escapeHtml(texts.until)}</p>
${texts.identity.map((line) => `<p>${escapeHtml(line)}</p>\n`).join('')}<p><a href="${escapeHtml(portal.privacy)}">${escapeHtml(page.privacy)}</a></p>
<p><a href="${escapeHtml(portal.help)}">${escapeHtml(page.help)}</a></p>`;
};

/** What is not the reader's language is one press away, without script; what cannot fold shows it all. */
function folded(texts: LocalCarrierTexts, first: LocalCarrierTexts, portal: PortalAddresses): string {
  return `<details${languageOf(texts, first.direction)}>
<summary>${escapeHtml(texts.inThisLanguage)}</summary>
${section(texts, 'h2', portal)}
</details>`;
}

/** CSS pixels */
const LOGO_BOX = { width: 240, height: 80 } as const;
/** 800 of the 990 octets that a line may have; URLs are read without the line ends (WHATWG URL, "remove all ASCII tab or newline"). */
const LINE_OF_BASE64 = /.{1,800}/g;

/** The logo within the page, so that nothing is asked for. The heading below says whose it is. */
function picture(logo: Logo): string {
  const { width, height } = shownSize(logo, LOGO_BOX.width, LOGO_BOX.height);
  const lines = Buffer.from(logo.bytes).toString('base64').match(LINE_OF_BASE64) ?? [];
  return `<p><img alt="" width="${width}" height="${height}" src="data:${logo.type};base64,\n${lines.join('\n')}"></p>\n`;
}

/** The attributes that say in which language a part is, and which way it is written, where that differs from what is around it. */
export function languageOf({ locale, direction }: LocalCarrierTexts, around: Direction = 'ltr'): string {
  return ` lang="${locale}"${direction === around ? '' : ` dir="${direction}"`}`;
}

/** An address is written from left to right in every language. */
export function directionOfAddress({ direction }: LocalCarrierTexts): string {
  return direction === 'rtl' ? ' dir="ltr"' : '';
}

/** For element content and for attribute values in double quotes. Controls are gone. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[&<>"'`]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** ASCII with CRLF, long lines broken between words: other characters as references, which mean the same in content and in attribute values. */
function asciiLines(html: string): string {
  return html
    .replace(/\P{ASCII}/gu, (character) => `&#${character.codePointAt(0)};`)
    .split('\n') // not by a pattern over all of it: that would begin anew at every character of a line that is short enough
    .map((line) => (line.length < 900 ? line : line.replace(/(.{1,880}) /g, '$1\r\n'))) // a reference takes up to ten characters
    .join('\r\n');
}
