import { Module } from '@nestjs/common';
import { PasscodeModule } from '#libs/passcode';
import { BridgeProvider } from './provider/bridge-provider.ts';
import { ChooseWayController } from './sign-in/choose-way/choose-way.controller.ts';
import { CallbackController } from './sign-in/finish-login/callback.controller.ts';
import { FinishLoginController } from './sign-in/finish-login/finish-login.controller.ts';
import { LoginAttempts } from './sign-in/login-attempts.ts';
import { NameReaderController } from './sign-in/name-reader/name-reader.controller.ts';
import { ProveByCodeController } from './sign-in/prove-by-code/prove-by-code.controller.ts';
import { RecordFailedSignInHandler } from './sign-in/record-failed-sign-in/record-failed-sign-in.ts';
import { SignInEnding } from './sign-in/sign-in-ending.ts';
import { SignInOutcomes } from './sign-in/sign-in-outcomes.ts';
import { StartLoginController } from './sign-in/start-login/start-login.controller.ts';

/**
 * The app provides, from a global module: OidcBridgeSettings, EventStore, EphemeralStore, Keyring, PersonDirectory, Clock, what
 * PasscodeModule needs, and the CommandBus (CqrsModule.forRoot). It mounts `app.get(BridgeProvider).middleware()` at `/oidc`
 * before any body parser, and hands SIGN_IN_ERRORS and PASSCODE_ERRORS to installWebUi.
 *
 * | address                                | what it does                                                    | leads to                       |
 * |----------------------------------------|-----------------------------------------------------------------|--------------------------------|
 * | GET  /sign-in/:uid                     | every way there is to prove the address                         | the next five                  |
 * | GET  /sign-in/:uid/with/:upstream      | begins at a provider                                            | the provider                   |
 * | GET  /sign-in/callback/:upstream       | takes its answer, once, in the browser that began               | /finish, or back with a notice |
 * | GET  /sign-in/:uid/finish              | hands the proof on, or says whose account it was                | the client                     |
 * | POST /sign-in/:uid/code                | begins a passcode                                               | /prove/code/:challengeId       |
 * | GET  /sign-in/:uid/code                | takes the passcode's proof                                      | the client, or /reader         |
 * | GET, POST /sign-in/:uid/reader         | who reads at a shared mailbox: a name                           | the client                     |
 * | GET  /sign-in/:uid/reader/with/:upstream | the same by an account                                        | the provider                   |
 * | GET  /sign-in/:uid/cancel              | gives up                                                        | the client, with access_denied |
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
