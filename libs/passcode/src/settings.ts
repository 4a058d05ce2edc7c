import type { OrganisationProfile } from '#libs/mail';
import type { MailAddress } from '#libs/vocabulary';
import { DEFAULT_PASSCODE_LIMITS } from './passcode.ts';
import type { PasscodeLimits } from './passcode.ts';

/** What the app decides for this room. The class is its own injection token. */
export class PasscodeSettings {
  /** Where readers reach the portal: named in the code mail, so that a code is entered nowhere else. */
  readonly publicUrl!: URL;
  /** Who is named in the From field of the code mail, and shown in its text as in carriers. */
  readonly organisation!: OrganisationProfile;
  readonly senderAddress!: MailAddress;
  /** Reverse path of the code mail: '' (RFC 3834 §3.3) unless the next hop refuses the null path. */
  readonly returnPath!: MailAddress | '';
  readonly limits: PasscodeLimits = DEFAULT_PASSCODE_LIMITS;
}
