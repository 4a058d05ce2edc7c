import { DomainError } from '#libs/vocabulary';
import { hasRole } from '../roles.ts';
import { webhooksOf } from '../settings/webhook-settings.ts';
import type { Check } from './check.ts';

class WebhooksInTrouble extends DomainError {
  constructor(readonly faults: readonly string[]) {
    super('webhooks-in-trouble', faults.join('; '));
  }
}

/** What programs are sent about their messages. */
export const CHECK_OF_WEBHOOKS: Check = {
  part: 'webhooks',
  looksAt: 'the files that webhooks name; in a running process also whether their receivers take what waits',
  failsWhen:
    'a secret cannot be read, a receiver answered 410 Gone, the record has another url or none, or a message has waited for more than an hour',
  whatToDo:
    'look at the log for what the receiver answers ("a webhook was tried"), and have it mended: what waits is sent by itself, for three days. After 410 Gone give the webhook another url, or start once without it',
  askers: ['readiness', 'doctor'],
  onlyWarns: true,
  concerns: (settings) =>
    hasRole(settings, 'gateway') && settings.signIn.clients.some(({ webhook }) => webhook !== undefined),
  isTold: () => false, // names programs, and files
  async run(parts) {
    const configured = webhooksOf(parts.settings);
    const troubles = await parts.webhookTroubles();
    if (troubles.length > 0) throw new WebhooksInTrouble(troubles);
    return configured.map(({ clientId }) => clientId).join(', ');
  },
};
