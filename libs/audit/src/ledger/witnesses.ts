import type { TreeHead } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint.ts';
import { LedgerContradicted } from './ledger.ts';
import { consistencyProof, rootAt } from './tree-proofs.ts';
import type { TreeHashes } from './tree-proofs.ts';
import { askWitness, witnessedNote } from './witness.ts';
import type { Witness } from './witness.ts';

export interface WitnessesOptions {
  readonly witnesses: readonly Witness[];
  /** Whether a note is one of this log's own: signed by a key of its keyring. */
  readonly isOurs: (note: string) => boolean;
  /** One could not be asked, or did not sign. It is asked again with the next checkpoint. */
  readonly onFault: (error: unknown) => void;
}

/** All witnesses of one log, and how far each has come. */
export class Witnesses {
  private readonly sizes = new Map<string, number>();
  private readonly failing = new Map<string, unknown>();

  constructor(private readonly options: WitnessesOptions) {}

  /** Why the last question to each of those failed that did not answer it. */
  get faults(): readonly unknown[] {
    return [...this.failing.values()];
  }

  /**
   * The note with the cosignatures of whoever signed it. One that does not answer holds nothing up for longer than ten seconds.
   * @param tree of the log, at least as large as the note says
   */
  async cosign(note: string, tree: TreeHashes): Promise<string> {
    const head = readCheckpoint(note);
    if (head === null) throw new TypeError('not a checkpoint');
    const lines = await Promise.all(
      this.options.witnesses.map(async (witness) => {
        const lines = await this.asked(witness, () => this.linesOf(witness, note, head, tree));
        return lines ?? '';
      }),
    );
    return note + lines.join('');
  }

  /**
   * Whether the log still is what each witness has signed of it. A witness that cannot be asked, or shows nothing, proves nothing.
   * @throws LedgerContradicted with a note that our own key signed
   */
  async requireConsistent(origin: string, tree: TreeHashes & { readonly size: number }): Promise<void> {
    for (const witness of this.options.witnesses) {
      const note = await this.asked(witness, () => witnessedNote(witness, origin));
      const head = note === null ? null : readCheckpoint(note);
      // What we did not sign may be anybody's: a witness alone cannot keep a portal from starting.
      if (note === null || head === null || head.origin !== origin || !this.options.isOurs(note)) continue;
      if (tree.size < head.size || !rootAt(tree, head.size).equals(head.root))
        throw new LedgerContradicted(head.size, origin);
      this.sizes.set(witness.name, head.size);
    }
  }

  /** Null when it did not answer as it should. */
  private async asked<Answer>(witness: Witness, ask: () => Promise<Answer>): Promise<Answer | null> {
    try {
      const answer = await ask();
      this.failing.delete(witness.name);
      return answer;
    } catch (error) {
      this.failing.set(witness.name, error);
      this.options.onFault(error);
      return null;
    }
  }

  /** Twice at the most: a witness that has come to another size says which. */
  private async linesOf(witness: Witness, note: string, { size }: TreeHead, tree: TreeHashes): Promise<string> {
    const ask = (old: number) =>
      askWitness(witness, {
        old,
        note,
        proof: consistencyProof(tree, old, size).map((hash) => hash.toString('base64')),
      });
    const known = Math.min(this.sizes.get(witness.name) ?? 0, size);
    let answer = await ask(known);
    if (answer.kind === 'elsewhere' && answer.size <= size && answer.size !== known) answer = await ask(answer.size);
    if (answer.kind === 'elsewhere') {
      this.sizes.set(witness.name, answer.size);
      return ''; // it has signed a later checkpoint, of another console
    }
    this.sizes.set(witness.name, size);
    return answer.lines;
  }
}
