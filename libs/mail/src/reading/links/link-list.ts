import type { MailLink } from './link-notes.ts';

/** The different addresses of a message's links: each once, by the first words that lead to it, as many as the limit allows. */
export class LinkList {
  private readonly byAddress = new Map<string, MailLink>();
  private readonly beyond = new Set<string>();

  private readonly limit: number; // written out: the worker thread runs this from source

  /** @param limit of addresses that are kept */
  constructor(limit: number) {
    this.limit = limit;
  }

  add(links: readonly MailLink[]): void {
    for (const link of links) {
      const known = this.byAddress.get(link.href);
      if (known !== undefined && (known.words !== '' || link.words === '')) continue;
      if (known === undefined && this.byAddress.size >= this.limit) this.beyond.add(link.href);
      else this.byAddress.set(link.href, link);
    }
  }

  listed(): MailLink[] {
    return [...this.byAddress.values()];
  }

  get more(): number {
    return this.beyond.size;
  }
}
