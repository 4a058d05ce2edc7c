export { PasscodeModule } from './passcode.module.ts';
export { PasscodeSettings } from './settings.ts';
export { PASSCODE_ERRORS } from './error-pages.ts';
export { Challenges } from './challenges.ts';
export { takeAddressProof, type TakenProof } from './address-proof.ts';
export { IssueOtp } from './issue-otp-command.ts';

export { DEFAULT_PASSCODE_LIMITS, passcodes, passcodeStream, MESSAGE_BUDGET, type OtpBudget } from './passcode.ts';
export { passcodeEvents, type ChallengeId, type PasscodeEvent } from './passcode-events.ts';
