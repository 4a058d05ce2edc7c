import { DomainError } from '#libs/vocabulary';
import type { ErrorPages } from '#libs/web-ui';

/** A passcode was asked for where none is given: for a console, or for an address whose mail others see. */
export class PasscodeNotOffered extends DomainError {
  constructor() {
    super('passcode-not-offered');
  }
}

/** No provider of that name serves this sign-in. */
export class NoSuchUpstream extends DomainError {
  constructor() {
    super('no-such-upstream');
  }
}

/** What a person is told for the errors of signing in; goes into installWebUi. */
export const SIGN_IN_ERRORS: ErrorPages = {
  'sign-in-not-here': { status: 400, texts: 'signIn.notHere' },
  'passcode-not-offered': { status: 403, texts: 'signIn.noCode' },
  'proof-too-old': { status: 400, texts: 'signIn.notHere' },
  'proof-not-for-console': { status: 403, texts: 'signIn.noCode' },
  'no-such-upstream': { status: 404, texts: 'signIn.noSuchUpstream' },
};
