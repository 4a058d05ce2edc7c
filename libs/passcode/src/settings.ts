import type { MailAddress } from '#libs/vocabulary';
import { DEFAULT_PASSCODE_LIMITS } from './passcode.ts';
import type { PasscodeLimits } from './passcode.ts';

/** What the app decides for this room. The class is its own injection token. */
export class PasscodeSettings {
  /** Where readers reach the portal: named in the code mail, so that a code is entered nowhere else. */
  readonly publicUrl!: URL;
  /** The organisation's name, in the From field and in the text of the code mail. */
  readonly organisation!: string;
  readonly senderAddress!: MailAddress;
  /** Reverse path of the code mail: '' (RFC 3834 §3.3) unless the next hop refuses the null path. */
  readonly returnPath!: MailAddress | '';
  readonly limits: PasscodeLimits = DEFAULT_PASSCODE_LIMITS;
}
