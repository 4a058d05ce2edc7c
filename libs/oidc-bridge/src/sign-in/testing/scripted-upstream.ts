import type { MailAddress } from '#libs/vocabulary';
import type { SignInMethod } from '../../sign-in-events.ts';
import type { Trouble } from '../../upstreams/standing.ts';
import { Upstream } from '../../upstreams/upstream.ts';
import type {
  BeginUpstream,
  FinishUpstream,
  KeptForUpstream,
  Suitability,
  UpstreamIdentity,
} from '../../upstreams/upstream.ts';

/** A provider that does as it is told; it checks that what was kept for it is what it gets back, once. */
export class ScriptedUpstream extends Upstream {
  override readonly id: string;
  override readonly method: SignInMethod;
  override readonly name: string;
  override readonly issuer: string;
  /** Where its sign-in page is; below the issuer, unless there is a server to be one. */
  signInPage: string;
  override readonly givesRoles: boolean;
  readonly begun: BeginUpstream[] = [];
  readonly finished: FinishUpstream[] = [];
  isUp = true;
  /** What it takes to begin, and to finish. */
  beginning: () => Promise<void> = () => Promise.resolve();
  answer: () => UpstreamIdentity | Promise<UpstreamIdentity>;
  private readonly suitability: (address: MailAddress) => Suitability;

  constructor(
    id: string,
    {
      method = 'organisation',
      name = id,
      givesRoles = false,
      suits = () => 'may-fit',
    }: Partial<Pick<Upstream, 'method' | 'name' | 'givesRoles'>> & {
      suits?: (address: MailAddress) => Suitability;
    } = {},
  ) {
    super();
    this.id = id;
    this.method = method;
    this.name = name;
    this.issuer = `https://${id}.example`;
    this.signInPage = `${this.issuer}/authorize`;
    this.givesRoles = givesRoles;
    this.suitability = suits;
    this.answer = () => this.account(null);
  }

  /** An account that proves this address, or none. */
  account(provenAddress: MailAddress | null, change: Partial<UpstreamIdentity> = {}): UpstreamIdentity {
    return {
      ...{ method: this.method, issuer: this.issuer, subject: `${this.id}-subject`, provenAddress, roles: [] },
      unproven: provenAddress === null ? 'address-unverified' : null,
      shownAs: provenAddress,
      ...change,
    };
  }

  override suits(address: MailAddress): Suitability {
    return this.suitability(address);
  }

  override isReachable(): boolean {
    return this.isUp;
  }

  override trouble(): Trouble | null {
    return null;
  }

  override tell(): void {}

  override examine(): Promise<void> {
    return Promise.resolve();
  }

  override async begin(wish: BeginUpstream): Promise<{ location: URL; kept: KeptForUpstream }> {
    await this.beginning();
    this.begun.push(wish);
    const location = new URL(this.signInPage);
    location.searchParams.set('state', wish.state);
    return { location, kept: { nonce: `nonce of ${wish.state}` } };
  }

  override async finish(attempt: FinishUpstream): Promise<UpstreamIdentity> {
    const state = attempt.callback.searchParams.get('state') ?? '';
    if (attempt.kept['nonce'] !== `nonce of ${state}`) throw new Error('this is not what was kept');
    if (!attempt.callback.href.startsWith(`${attempt.redirectUri}?`)) throw new Error('not the redirect URI');
    this.finished.push(attempt);
    return this.answer();
  }
}
