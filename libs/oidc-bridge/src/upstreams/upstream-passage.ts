import { DestinationUnreachable } from '#libs/egress';
import type { Passage } from '#libs/egress';
import { UpstreamUnreachable } from './upstream.ts';

/** The guarded way to a provider, which fails as providers do here. */
export class UpstreamPassage implements Pick<Passage, 'ask' | 'permits'> {
  constructor(private readonly passage: Passage) {}

  permits(url: URL): boolean {
    return this.passage.permits(url);
  }

  /** @throws UpstreamUnreachable */
  async ask(...question: Parameters<Passage['ask']>): ReturnType<Passage['ask']> {
    try {
      return await this.passage.ask(...question);
    } catch (fault) {
      if (fault instanceof DestinationUnreachable) throw new UpstreamUnreachable(fault.message, { cause: fault.cause });
      throw fault;
    }
  }
}
