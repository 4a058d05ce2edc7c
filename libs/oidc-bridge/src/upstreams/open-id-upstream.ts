import type { OpenIdProvider } from './open-id-provider.ts';
import type { StandingListener, Trouble } from './standing.ts';
import { Upstream } from './upstream.ts';

/** What every upstream says of itself in the same way: whether its provider can be used. */
export abstract class OpenIdUpstream extends Upstream {
  protected abstract readonly provider: OpenIdProvider;

  override isReachable(): boolean {
    return this.provider.isReachable();
  }

  override trouble(): Trouble | null {
    return this.provider.standing.trouble();
  }

  override tell(listener: StandingListener): void {
    this.provider.standing.listener = listener;
  }

  override examine(): Promise<void> {
    return this.provider.examine();
  }
}
