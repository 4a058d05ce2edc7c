export { PasscodeModule } from './passcode.module.ts';
export { PasscodeSettings } from './settings.ts';
export { PASSCODE_ERRORS } from './error-pages.ts';
export {
  Challenges,
  ChallengeNotHere,
  ClientCodesSpent,
  TooManyChallenges,
  type BeginChallenge,
} from './challenges.ts';
export { takeAddressProof, type AddressProof, type TakenProof } from './address-proof.ts';
export { IssueOtp } from './issue-otp/issue-otp.ts';
export { VerifyOtp, type OtpOutcome } from './verify-otp/verify-otp.ts';
export {
  DEFAULT_PASSCODE_LIMITS,
  passcodes,
  passcodeStream,
  MESSAGE_BUDGET,
  type OtpBudget,
  type PasscodeLimits,
  type Passcodes,
} from './passcode.ts';
export {
  passcodeEvents,
  type ChallengeId,
  type DeliveryFailure,
  type OtpForm,
  type OtpRejection,
  type PasscodeEvent,
} from './passcode-events.ts';
