export { PasscodeModule } from './passcode.module.ts';
export { PasscodeSettings } from './settings.ts';
export { PASSCODE_ERRORS } from './error-pages.ts';
export { Challenges, ChallengeNotHere, type BeginChallenge } from './challenges.ts';
export { takeAddressProof, type AddressProof } from './address-proof.ts';
export { IssueOtp } from './issue-otp/issue-otp.ts';
export { VerifyOtp, type OtpOutcome } from './verify-otp/verify-otp.ts';
export {
  DEFAULT_PASSCODE_LIMITS,
  passcodes,
  passcodeStream,
  type ChallengeId,
  type DeliveryFailure,
  type OtpForm,
  type OtpRejection,
  type PasscodeEvent,
  type PasscodeLimits,
  type Passcodes,
} from './passcode.ts';
