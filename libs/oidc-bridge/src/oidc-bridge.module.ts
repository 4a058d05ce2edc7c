import { Module } from '@nestjs/common';
import { PasscodeModule } from '#libs/passcode';
import { BridgeProvider } from './provider/bridge-provider.ts';
import { ChooseWayController } from './sign-in/choose-way/choose-way.controller.ts';
import { CallbackController } from './sign-in/finish-login/callback.controller.ts';
import { FinishLoginController } from './sign-in/finish-login/finish-login.controller.ts';
import { LoginAttempts } from './sign-in/login-attempts.ts';
import { NameReaderController } from './sign-in/name-reader/name-reader.controller.ts';
import { ProveByCodeController } from './sign-in/prove-by-code/prove-by-code.controller.ts';
import { RecordFailedSignInHandler } from './sign-in/record-failed-sign-in.ts';
import { SignInEnding } from './sign-in/sign-in-ending.ts';
import { SignInOutcomes } from './sign-in/sign-in-outcomes.ts';
import { StartLoginController } from './sign-in/start-login/start-login.controller.ts';

/**
 * The app provides, from a global module: OidcBridgeSettings, EventStore, EphemeralStore, Keyring, PersonDirectory, Clock, what
 * PasscodeModule needs, and the CommandBus (CqrsModule.forRoot). It mounts `app.get(BridgeProvider).middleware()` at `/oidc`
 * before any body parser, and hands SIGN_IN_ERRORS and PASSCODE_ERRORS to installWebUi.
 *
 * Its addresses stand in sign-in/addresses.ts, the order of a sign-in in sign-in/next-sign-in-step.ts.
 */
@Module({
  imports: [PasscodeModule],
  controllers: [
    CallbackController, // first: `callback` is no sign-in's uid
    ChooseWayController,
    StartLoginController,
    FinishLoginController,
    ProveByCodeController,
    NameReaderController,
  ],
  providers: [BridgeProvider, LoginAttempts, SignInOutcomes, SignInEnding, RecordFailedSignInHandler],
  exports: [BridgeProvider],
})
export class OidcBridgeModule {}
