import { randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { identityLines } from '#libs/mail';
import { clientOf } from '#libs/telemetry';
import type { Instant, MailAddress } from '#libs/vocabulary';
import { translate } from '#libs/web-ui';
import type { Locale, ViewEngine } from '#libs/web-ui';
import { codeReference } from '../code-reference.ts';
import { newOneTimeCode, showOneTimeCode } from '../one-time-code.ts';
import type { OneTimeCode } from '../one-time-code.ts';
import { OTP_TTL_SECONDS } from '../passcode.ts';
import type { ChallengeId } from '../passcode.ts';
import type { PasscodeSettings } from '../settings.ts';

export interface CodeMailFacts {
  readonly challengeId: ChallengeId;
  readonly codeNumber: number;
  readonly address: MailAddress;
  readonly locale: Locale;
  readonly code: OneTimeCode;
  readonly issuedAt: Instant;
  /** Family of the browser that asked, from a list of our own; null when it is none of those. */
  readonly browser: string | null;
}

/**
 * `Firefox`, `Chrome`, …: who asked in another browser sees that somebody else did (threats.md A15). Never what was sent.
 */
export function browserFamily(userAgent: string | undefined): string | null {
  const { browser } = clientOf(userAgent);
  return browser === 'other' ? null : browser.replace(/ \d+$/, '');
}

/**
 * The mail that carries a code: plain text and HTML of the same words, nothing in it that a visitor chose. It shows the organisation
 * as carriers do, and no picture: one from elsewhere would tell who opens it, one within would be an attachment. The code stands
 * in the body alone, since subjects are shown on locked screens and kept in logs of mail servers.
 *
 * @returns a buffer of its own, for the caller to wipe: the code is put into its bytes, and was in no string
 */
export async function composeCodeMail(
  facts: CodeMailFacts,
  settings: PasscodeSettings,
  views: ViewEngine,
): Promise<Buffer> {
  const { locale, issuedAt } = facts;
  const reference = codeReference(facts.challengeId, facts.codeNumber);
  const { senderAddress, publicUrl } = settings;
  const { name: organisation, colours } = settings.organisation;
  const subject = translate(locale, 'codeMail.subject', { organisation, reference });
  const shown = showOneTimeCode(facts.code);
  const place = placeFor(shown);
  const context = {
    subject,
    organisation,
    stripe: colours?.light ?? null,
    identity: identityLines(settings.organisation, locale),
    reference,
    host: publicUrl.host,
    privacyUrl: new URL('/privacy', publicUrl).href,
    code: place,
    issuedAt,
    browser: facts.browser,
    minutes: OTP_TTL_SECONDS / 60,
  };
  const render = (view: string) => views.render(view, context, { locale });
  const composer = new MailComposer({
    from: { name: organisation, address: senderAddress },
    to: { name: '', address: facts.address },
    subject,
    date: new Date(issuedAt),
    messageId: `<${randomUUID()}@${senderAddress.slice(senderAddress.lastIndexOf('@') + 1)}>`,
    text: render('passcode/issue-otp/code-mail.txt'),
    html: render('passcode/issue-otp/code-mail'),
    headers: {
      'Auto-Submitted': 'auto-generated', // RFC 3834 §5: no vacation notice answers it
      'X-Auto-Response-Suppress': 'All', // the same for Exchange
      'Content-Language': locale,
    },
    encoding: 'quoted-printable', // leaves the code as it is, where base64 would not
    newline: 'windows', // goes to the relay byte for byte: line ends made on the way would make a copy of the code
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mail = await composer.compile().build();
  putInPlace(mail, place, shown);
  shown.fill(0);
  return mail;
}

/** In the text and in the HTML. */
const TIMES_IN_MAIL = 2;

/** Looks like a code and stands for one until the mail is bytes; of letters that nobody chose, so that nothing else in a mail is like it. */
function placeFor(shown: Uint8Array): string {
  return Buffer.from(showOneTimeCode(newOneTimeCode('long'))).toString('latin1', 0, shown.length);
}

function putInPlace(mail: Buffer, place: string, shown: Uint8Array): void {
  let times = 0;
  for (let at = mail.indexOf(place); at >= 0; at = mail.indexOf(place, at + place.length)) {
    mail.set(shown, at);
    times += 1;
  }
  // A template that broke the line within it, or lost it: nobody could sign in by such a mail.
  if (times !== TIMES_IN_MAIL)
    throw new Error(`a code mail has room for its code ${times} times, not ${TIMES_IN_MAIL}`);
}
