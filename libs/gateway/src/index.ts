export { sealForRecipients } from './submission/seal-for-recipients.ts';
export { SubmissionModule } from './submission/submission.module.ts';
export { SealingClients, SealingNotAuthorised, SubmissionSettings, type SealingClient } from './submission/settings.ts';
export { settlementBy, submissions } from './submission/submission.ts';
export { submissionEvents } from './submission/submission-events.ts';
export { SubmitMail } from './submission/submit-mail.ts';
