export { sealForRecipients } from './submission/seal-for-recipients.ts';
export { SubmissionModule } from './submission/submission.module.ts';
export { SealingClients, SealingNotAuthorised, SubmissionSettings, type SealingClient } from './submission/settings.ts';
export { settlementBy } from './submission/submission.ts';
export { SubmitMail } from './submission/submit-mail.ts';
