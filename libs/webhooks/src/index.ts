export { readWebhookSecrets } from './signature.ts';
export { type WebhookSettings } from './receiver.ts';
export { webhookEvents } from './webhook-events.ts';
export { webhookTryEvents } from './webhook-try-events.ts';
export { switchOffWebhooks, Webhooks } from './webhooks.ts';
