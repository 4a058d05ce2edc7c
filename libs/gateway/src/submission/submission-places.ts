import { DomainError } from '#libs/vocabulary';

/** The program has as many submissions under way as it may have beside the others'. */
export class TooManySubmissions extends DomainError {
  constructor() {
    super('too-many-submissions', 'too many submissions of this client at once');
  }
}

/**
 * Places for submissions under way, shared out among programs: each may always have one, and further ones as long as it has fewer
 * than are still free. Alone it gets half of all; a second one half of the rest; and however many submissions one program leaves
 * standing, no other is kept waiting by them. So at most `atOnce` and one for each program are under way.
 */
export class SubmissionPlaces {
  private readonly ofClients = new Map<string, number>();
  private taken = 0;

  constructor(private readonly atOnce: number) {}

  /** Does `work` in a place of the client's. @throws TooManySubmissions at once, before anything of it is begun */
  async take<T>(clientId: string, work: () => Promise<T>): Promise<T> {
    const own = this.ofClients.get(clientId) ?? 0;
    if (own > 0 && own >= this.atOnce - this.taken) throw new TooManySubmissions();
    this.count(clientId, 1);
    try {
      return await work();
    } finally {
      this.count(clientId, -1);
    }
  }

  private count(clientId: string, by: 1 | -1): void {
    this.taken += by;
    const own = (this.ofClients.get(clientId) ?? 0) + by;
    if (own === 0) this.ofClients.delete(clientId);
    else this.ofClients.set(clientId, own);
  }
}
