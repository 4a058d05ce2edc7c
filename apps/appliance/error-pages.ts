import { CONSOLE_ERRORS } from '#libs/console';
import { SIGN_IN_ERRORS } from '#libs/oidc-bridge';
import { PASSCODE_ERRORS } from '#libs/passcode';
import { RECIPIENT_ACCESS_ERRORS } from '#libs/recipient-access';
import type { ErrorPages } from '#libs/web-ui';

/** What people read for each error of the rooms that have pages; those of the stores are web-ui's own. */
export const ERROR_PAGES: readonly ErrorPages[] = [
  PASSCODE_ERRORS,
  SIGN_IN_ERRORS,
  RECIPIENT_ACCESS_ERRORS,
  CONSOLE_ERRORS,
];
