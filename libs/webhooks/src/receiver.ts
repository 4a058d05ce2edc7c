import { Egress } from '#libs/egress';
import type { Passage } from '#libs/egress';
import type { WebhookSecret } from './signature.ts';
import { signedHeaders } from './signature.ts';
import type { WaitingWebhook } from './waiting-webhooks.ts';

/** One program's webhook, as it is configured. */
export interface WebhookSettings {
  readonly clientId: string;
  /** https, or http where private addresses are listed. */
  readonly url: URL;
  /** Whether the first view of a message is reported. */
  readonly includesViews: boolean;
  /** Read for each round, so that secrets can be rotated while it runs. @throws what cannot be read, or is no secret */
  readonly secrets: () => readonly WebhookSecret[];
  /** Addresses outside the Internet that the receiver may have. */
  readonly privateAddresses: readonly string[];
  /** Further certification authorities, PEM. */
  readonly certificateAuthorities?: string;
}

export type Sent =
  | { readonly outcome: 'delivered' }
  /** 410: it wants no more, ever. */
  | { readonly outcome: 'gone' }
  /** `cause` is for the log: a status or a word of the connection, nothing that the receiver wrote. */
  | { readonly outcome: 'failed'; readonly cause: string };

/** 15 s: Standard Webhooks advises 15 to 30. */
export const DELIVERY_TIMEOUT_MS = 15_000;

/** The way to one receiver: through the guarded egress, so it leads nowhere but to the configured host at an address that it may have. */
export class Receiver {
  private readonly passage: Passage;

  constructor(
    private readonly settings: WebhookSettings,
    egress: Egress = new Egress({ exchangeMs: DELIVERY_TIMEOUT_MS }),
  ) {
    const { url, privateAddresses, certificateAuthorities } = settings;
    this.passage = egress.to({
      hosts: [url.host],
      privateAddresses,
      ...(certificateAuthorities !== undefined && { certificateAuthorities }),
    });
  }

  /** @param seconds since 1970: the receiver compares them with its own clock. Never rejects */
  async send(
    { webhookId, body }: Pick<WaitingWebhook, 'webhookId' | 'body'>,
    secrets: readonly WebhookSecret[],
    seconds: number,
  ): Promise<Sent> {
    const headers = { 'content-type': 'application/json', ...signedHeaders(secrets, webhookId, seconds, body) };
    try {
      const { status } = await this.passage.ask(this.settings.url, { method: 'POST', headers, body });
      if (status >= 200 && status < 300) return { outcome: 'delivered' };
      return status === 410 ? { outcome: 'gone' } : { outcome: 'failed', cause: `answered with status ${status}` };
    } catch (error) {
      return { outcome: 'failed', cause: error instanceof Error ? error.message : String(error) };
    }
  }
}
