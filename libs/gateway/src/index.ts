export { openApi as sealingApi } from './submission/openapi.ts';
export { BounceAddresses, MAX_BOUNCE_LOCAL_PART } from './bounce-addresses.ts';
export { bounceEvents, type BounceEvent } from './bounce-events.ts';
export { BouncesModule } from './bounces/bounces.module.ts';
export { deliveryEvents, type DeliveryEvent } from './delivery-events.ts';
export { deliveryRecorder } from './submission/deliveries.ts';
export { CanaryInbox } from './canary-inbox.ts';
export { decideTreatment, type PolicyDecision } from './policy/decide-treatment.ts';
export { judgeExample } from './policy/policy-examples.ts';
export { InboundModule } from './inbound/inbound.module.ts';
export { type CertificateFiles, InboundSettings } from './inbound/inbound-settings.ts';
export { InboundWatch } from './inbound/inbound-watch.ts';
export { readServerCertificate, ServerCertificateFault } from './inbound/server-certificate.ts';
export { SmtpIntake } from './inbound/smtp-intake.ts';
export { readMailFacts } from './policy/read-mail-facts.ts';
export { readPolicy, type PolicyReading } from './policy/read-policy.ts';
export type { MailPolicy } from './policy/policy.ts';
export { sealForRecipients } from './seals/seal-for-recipients.ts';
export { SubmissionModule } from './submission/submission.module.ts';
export {
  SealingClients,
  SealingNotAuthorised,
  SubmissionSettings,
  type MessageAsker,
  type SealingClient,
} from './submission/settings.ts';
export { settlementBy, submissions } from './submission/submission.ts';
export { submissionEvents, type SubmissionEvent } from './submission/submission-events.ts';
export { PassingOnModule } from './passing-on/passing-on.module.ts';
export { PolicyFaulty, PolicyInForce } from './passing-on/policy-in-force.ts';
export { PassingOnSettings, type RelayingNotice } from './passing-on/settings.ts';
export { relayingEvents, type RelayingEvent } from './passing-on/relaying-events.ts';
export { SubmitMail } from './submission/submit-mail.ts';
