import { Command } from '@nestjs/cqrs';
import type { ChallengeId } from './passcode.ts';

/**
 * Makes a code for a challenge and mails it, the first time or again. What came of it stands on the challenge's page: that no
 * further code is to be had for a while is an answer there, not an error here. The sender of this command has made sure that it
 * is the challenge's own browser that asks (Challenges.ofBrowser).
 */
export class IssueOtp extends Command<'issued' | 'limit-reached' | 'over'> {
  readonly challengeId: ChallengeId;
  /** The network that asks (ClientNetwork.prefix). Recorded only as a pseudonym. */
  readonly networkPrefix: string;

  /** The header as it was sent: all that the mail says of it is the family of the browser, from a list of our own. */
  readonly userAgent: string | undefined;

  constructor(challengeId: ChallengeId, networkPrefix: string, userAgent?: string) {
    super();
    this.challengeId = challengeId;
    this.networkPrefix = networkPrefix;
    this.userAgent = userAgent;
  }
}
