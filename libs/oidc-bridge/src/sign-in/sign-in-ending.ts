import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { BridgeProvider } from '../provider/bridge-provider.ts';
import type { BridgeProof, SignInRequest } from '../proof.ts';
import { digestOf } from './digest.ts';
import { SignInOutcomes } from './sign-in-outcomes.ts';

/** One request within a sign-in of this browser. */
export interface Here {
  readonly signIn: SignInRequest;
  readonly browserId: string;
  readonly request: Request;
  readonly response: Response;
}

/** The last step here: a proof goes back to the client that asked. */
@Injectable()
export class SignInEnding {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly outcomes: SignInOutcomes,
  ) {}

  /** In answer to a link, or to a redirect from a provider. */
  async leave({ request, response }: Here, proof: BridgeProof): Promise<void> {
    await this.provider.finish(request, response, proof);
  }

  /**
   * In answer to a form, or to what a form redirected to: browsers hold `form-action 'self'` against every redirect that
   * follows a form, so a client on another site is reached from a page in between, which goes on by itself.
   */
  async leaveAfterForm(here: Here, proof: BridgeProof): Promise<void> {
    const { signIn, browserId, response } = here;
    if (signIn.clientKind === 'portal') return this.leave(here, proof);
    const owner = { uid: signIn.uid, browserDigest: digestOf(browserId) };
    const outcomeId = await this.outcomes.leave(owner, { kind: 'proven', proof });
    response.setHeader('Refresh', `0; url=${finishPath(signIn.uid, outcomeId)}`);
    response.render('oidc-bridge/sign-in/go-on', { uid: signIn.uid, outcomeId, client: signIn.clientName });
  }
}

/** Where an outcome is brought. */
export function finishPath(uid: string, outcomeId: string): string {
  return `/sign-in/${uid}/finish?outcome=${outcomeId}`;
}
