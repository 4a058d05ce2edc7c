import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { appendFacts, EventStore } from '#libs/event-store';
import { signInsStream } from '#libs/oidc-bridge';
import type { SignInAsk } from '#libs/oidc-bridge';
import type { MessageTerm } from '#libs/sealing';
import { Clock } from '#libs/vocabulary';
import type { MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { SignInEvent } from '../access-events.ts';
import { IdentityProvider, IdentityProviderUnavailable } from './identity-provider.ts';
import { SignInAttempts } from './sign-in-attempts.ts';

/** Begins a browser's way to the identity provider, to prove the address that a message went to. */
export class BeginSignIn extends Command<URL> {
  readonly browserId: string;
  readonly messageId: MessageId;
  readonly personId: PersonId;
  readonly address: MailAddress;
  readonly locale: Locale;
  readonly networkPrefix: string;
  /** Whether the reader pressed a button that sends a code. */
  readonly wantsCode: boolean;
  /** Of the message. */
  readonly terms: readonly MessageTerm[];

  constructor(facts: Omit<BeginSignIn, keyof Command<URL>>) {
    super();
    this.browserId = facts.browserId;
    this.messageId = facts.messageId;
    this.personId = facts.personId;
    this.address = facts.address;
    this.locale = facts.locale;
    this.networkPrefix = facts.networkPrefix;
    this.wantsCode = facts.wantsCode;
    this.terms = facts.terms;
  }
}

@CommandHandler(BeginSignIn)
export class BeginSignInHandler implements ICommandHandler<BeginSignIn> {
  constructor(
    private readonly store: EventStore,
    private readonly attempts: SignInAttempts,
    private readonly provider: IdentityProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns where the browser goes
   * @throws IdentityProviderUnavailable, recorded where it is another issuer that is away; TooManySignIns; what the stores throw
   */
  async execute(command: BeginSignIn): Promise<URL> {
    const { browserId, messageId, personId, address, locale, wantsCode, terms } = command;
    const attempt = await this.attempts.begin({ browserId, messageId, personId, address }, command.networkPrefix);
    try {
      const begun = { browserId, path: `/m/${messageId}`, wantsCode, asks: asksOf(terms) };
      return await this.provider.begin(address, attempt, locale, begun);
    } catch (error) {
      if (error instanceof IdentityProviderUnavailable) await this.recordUnreachable(personId);
      throw error;
    }
  }

  /** As often as sign-ins may begin, which is bounded (SignInAttempts). Our own bridge is this portal itself. */
  private async recordUnreachable(personId: PersonId): Promise<void> {
    const { isOwnBridge, clientId, issuer } = this.provider;
    if (isOwnBridge) return;
    const failed: SignInEvent = {
      type: 'AuthenticationFailed',
      data: { personId, clientId, issuer, reason: 'provider-unreachable', failedAt: this.clock.now() },
    };
    await appendFacts(this.store, signInsStream(personId), [failed]);
  }
}

/** What is asked of our own bridge. Another issuer has nothing but accounts. */
function asksOf(terms: readonly MessageTerm[]): SignInAsk[] {
  return [
    ...(terms.includes('account') ? (['account'] as const) : []),
    ...(terms.includes('shared-mailbox') ? (['reader'] as const) : []),
  ];
}
