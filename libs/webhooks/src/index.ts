export { readWebhookSecrets } from './signature.ts';
export { type WebhookSettings } from './receiver.ts';
export { webhookEvents, type WebhookEvent } from './webhook-events.ts';
export { webhookTryEvents, type WebhookTryEvent } from './webhook-try-events.ts';
export { switchOffWebhooks, Webhooks } from './webhooks.ts';
