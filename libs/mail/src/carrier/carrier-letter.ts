import type { LocalCarrierTexts, PortalAddresses } from './carrier-texts.ts';
import { directionOfAddress, escapeHtml, languageOf } from './message-page.ts';
import type { OrganisationProfile } from './organisation-profile.ts';

/** The text of a carrier: a letter in the reader's language, and under a line the same in the others. */
export function plainLetter(
  texts: readonly LocalCarrierTexts[],
  portal: PortalAddresses,
  { name }: Pick<OrganisationProfile, 'name'>,
): string {
  const others = texts.slice(1).map(({ mail }) => mail.below);
  const letters = texts.map(({ mail, sentFrom, until, identity }, index) =>
    [
      index === 0 ? [name, sentFrom].join('\n') : sentFrom,
      ...(index === 0 && others.length > 0 ? [others.join('\n')] : []),
      mail.intro,
      mail.steps,
      `${mail.elsewhere}\n${portal.handIn}`,
      until,
      ...identity,
      `${mail.privacy}\n${portal.privacy}`,
    ].join('\n\n'),
  );
  return `${letters.join('\n\n-----\n\n')}\n`;
}

/** 34 rem of the portal's pages, at 17 px. */
const SHEET =
  'max-width:578px;margin:0 auto;padding:16px;font-family:system-ui,sans-serif;font-size:17px;line-height:1.5;overflow-wrap:anywhere';
const LETTERHEAD = 'padding-left:12px;margin:0 0 24px;border-left:6px solid';

/**
 * The same in HTML, with styles at their elements, since mail programs drop sheets. A stripe and not coloured letters: dark ones change the
 * ground under them. No picture: most would not show it. What cannot fold shows all languages, one below the other.
 */
export function htmlLetter(
  texts: readonly LocalCarrierTexts[],
  portal: PortalAddresses,
  { name, colours }: Pick<OrganisationProfile, 'name' | 'colours'>,
): string {
  const [first, ...others] = texts;
  if (!first) throw new TypeError('a carrier needs at least one language');
  const stripe = colours?.light ?? '#134e5e';
  const folded = others.map(
    (local) => `<details${languageOf(local, first.direction)}>
<summary>${escapeHtml(local.inThisLanguage)}</summary>
${letter(local, portal)}
</details>`,
  );
  return `<!DOCTYPE html>
<html${languageOf(first)}><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>
<body>
<div style="${SHEET}">
<p style="${LETTERHEAD} ${stripe}"><strong>${escapeHtml(name)}</strong><br>${escapeHtml(first.sentFrom)}</p>
${letter(first, portal)}
${folded.length === 0 ? '' : `<hr>\n${folded.join('\n')}\n`}</div>
</body></html>
`;
}

function letter(local: LocalCarrierTexts, portal: PortalAddresses): string {
  const link = (url: string) => `<br><a${directionOfAddress(local)} href="${escapeHtml(url)}">${escapeHtml(url)}</a>`;
  const { mail } = local;
  return `<p>${escapeHtml(mail.intro)}</p>
<p>${escapeHtml(mail.steps)}</p>
<p>${escapeHtml(mail.elsewhere)}${link(portal.handIn)}</p>
<p>${escapeHtml(local.until)}</p>
${local.identity.map((line) => `<p>${escapeHtml(line)}</p>\n`).join('')}<p>${escapeHtml(mail.privacy)}${link(portal.privacy)}</p>`;
}
