import { LeafComparison } from './compare-leaves.ts';
import type { LeafFinding } from './compare-leaves.ts';
import { ExposureReading } from './exposure.ts';
import type { Exposure } from './exposure.ts';
import { headerOfLeaf, leafOfRecord } from './leaf-of-record.ts';
import { readSignedCheckpoint } from './note.ts';
import type { Checkpoint, TrustedKey } from './note.ts';
import { LeavesAlone } from './without-content.ts';
import type { WithoutContent } from './without-content.ts';
import { GrowingTree, isIncluded, leafHash } from './tree-head.ts';

/** What an export, or what was brought to compare it with, was found to be. Each is named; `index` counts events from 0. */
export type Finding =
  | LeafFinding
  | { readonly kind: 'truncated'; readonly atIndex: number; readonly missing: number }
  | { readonly kind: 'rolled-back'; readonly toSize: number; readonly knownSize: number }
  | { readonly kind: 'forked'; readonly size: number }
  | { readonly kind: 'forged-checkpoint'; readonly reason: string; readonly line: number }
  /** A checkpoint that was kept elsewhere lacks the signature of a witness whose key was given. */
  | { readonly kind: 'not-witnessed' }
  | { readonly kind: 'other-log'; readonly origin: string; readonly line: number }
  | { readonly kind: 'hashes-contradict-checkpoint'; readonly size: number }
  | { readonly kind: 'not-proven'; readonly index: number }
  /** Of a whole log, where somebody removed contents and no retention of the record did. */
  | { readonly kind: 'content-missing'; readonly events: number }
  | { readonly kind: 'damaged-line'; readonly line: number; readonly reason: string }
  | { readonly kind: 'unknown-format'; readonly format: string };

export interface VerifyOptions {
  /** Whom the reader trusts to sign for this log; from elsewhere than the export. */
  readonly keys: readonly TrustedKey[];
  /** Checkpoints kept elsewhere, as notes: what makes a rolled back or forked log show. */
  readonly known?: readonly string[];
  /** Who must have cosigned each of those. */
  readonly witnesses?: readonly TrustedKey[];
  /**
   * Records of the stream `retention-contents` as it stands now, where a whole log is verified: contents that none of them explains are a
   * finding then. An export may end before the one that does.
   */
  readonly retention?: readonly string[];
  /** Called now and then with the number of events seen. */
  readonly onProgress?: (events: number) => void;
}

export interface VerifyReport {
  readonly isProven: boolean;
  readonly findings: readonly Finding[];
  /** Events that are proven by a checkpoint, and those that stand behind the last one and are only there. */
  readonly provenEvents: number;
  readonly unprovenEvents: number;
  /** The newest checkpoint that the export reaches. */
  readonly provenTo: Pick<Checkpoint, 'origin' | 'size'> | null;
  /** Of an exposure report: what it says of its message. Null for another export, and where anything was found wrong. */
  readonly exposure: Exposure | null;
  /** What an export that is no exposure report leaves undisclosed. Null where that is nothing. */
  readonly withoutContent: WithoutContent | null;
  /** Sizes of checkpoints kept elsewhere with which nothing here could be compared: a selection, or a range that begins later, says nothing of them. */
  readonly notCompared: readonly number[];
}

export const EXPORT_FORMAT = 'segl-ledger-export/1';
const TILE_WIDTH = 256;
const MAX_FINDINGS = 100;

type Member =
  | ('format' | 'kind' | 'from' | 'hashes' | 'checkpoint' | 'end' | 'exposure' | 'disclosure')
  | ('index' | 'record' | 'leaf' | 'proof' | 'size' | 'edge' | 'count' | 'messageId' | 'field' | 'key');
/** A line, or what stands within one: anybody may have written it, so that nothing is known of what it holds. */
type Line = { readonly [Name in Member]?: unknown };

/** Verifies the lines of an export (LEDGER.md, "Exports") as they come, in constant memory. Never throws for what a line holds. */
export async function verifyExport(lines: AsyncIterable<string>, options: VerifyOptions): Promise<VerifyReport> {
  const verifier = new ExportVerifier(options);
  for await (const line of lines) if (!verifier.take(line)) break;
  return verifier.report();
}

class ExportVerifier {
  private readonly findings: Finding[] = [];
  private readonly known: Checkpoint[] = [];
  private lineNumber = 0;
  private kind: 'range' | 'selection' | null = null;
  /** Of hashes that the export claims; the checkpoints say whether they are authentic. */
  private tree = new GrowingTree();
  private firstIndex = 0;
  private comparison = new LeafComparison(0);
  private events = 0;
  private nextIndex = 0;
  private provenTo: Checkpoint | null = null;
  /** Sizes of checkpoints that the export's own hashes contradict. */
  private isContradicted = false;
  private selectionHead: Checkpoint | null = null;
  private proven = 0;
  private endSize: number | null = null;
  private exposure: ExposureReading | null = null;
  /** The first event that says another number than its place is. */
  private misnumbered: Extract<Finding, { kind: 'damaged-line' }> | null = null;
  private readonly compared = new Set<Checkpoint>();
  private readonly leavesAlone = new LeavesAlone();

  private readonly options: VerifyOptions;

  constructor(options: VerifyOptions) {
    this.options = options;
    for (const record of options.retention ?? []) {
      const header = leafOfRecord(record);
      if (header !== null) this.leavesAlone.learn(header, record);
    }
    for (const note of options.known ?? []) {
      const checkpoint = this.checkpoint(note, options.witnesses);
      if (checkpoint !== null) this.known.push(checkpoint);
    }
    this.known.sort((a, b) => a.size - b.size);
    const clash = this.known.find(({ size, root }, at) => {
      const next = this.known[at + 1];
      return next?.size === size && !next.root.equals(root);
    });
    if (clash !== undefined) this.findings.push({ kind: 'forked', size: clash.size });
  }

  /** False once nothing more can be said. */
  take(text: string): boolean {
    this.lineNumber++;
    if (text.trim() === '') return true;
    const line = objectIn(text);
    if (line === null) return this.damaged('no JSON object');
    if (this.kind === null) return this.begin(line);
    const { checkpoint, hashes, end, record, leaf, exposure, disclosure } = line;
    if (typeof checkpoint === 'string') return this.meetCheckpoint(checkpoint);
    if (typeof hashes === 'string') return this.takeHashes(hashes);
    if (end !== undefined) return this.takeEnd(isObject(end) ? end : {});
    if (typeof record === 'string' || typeof leaf === 'string') return this.takeEvent(line);
    if (isObject(exposure) && this.events === 0 && this.kind === 'range')
      this.exposure ??= new ExposureReading(String(exposure.messageId), this.firstIndex);
    if (isObject(disclosure)) this.exposure?.disclose(disclosure);
    return true; // of a later release: what we do not know proves nothing and harms nothing
  }

  report(): VerifyReport {
    if (this.kind === null && this.findings.length === 0) this.damaged('an empty export');
    if (this.kind === 'range') this.endRange();
    // Where something else is wrong, the numbers follow from that.
    if (this.findings.length === 0 && this.misnumbered !== null) this.add(this.misnumbered);
    const withoutContent = this.exposure === null ? this.leavesAlone.result() : null;
    if (this.options.retention !== undefined && withoutContent !== null) {
      const events = withoutContent.events - withoutContent.byRetention;
      if (events > 0) this.add({ kind: 'content-missing', events });
    }
    if (this.endSize === null && this.kind !== null)
      this.add({ kind: 'truncated', atIndex: this.nextIndex, missing: 0 });
    const provenEvents =
      this.kind === 'selection'
        ? this.proven
        : Math.max(0, Math.min(this.events, (this.provenTo?.size ?? this.firstIndex) - this.firstIndex));
    const isProven = this.findings.length === 0 && this.provenTo !== null;
    return {
      isProven,
      findings: this.findings,
      provenEvents,
      unprovenEvents: this.unproven(provenEvents),
      provenTo: this.provenTo === null ? null : { origin: this.provenTo.origin, size: this.provenTo.size },
      exposure: isProven && this.unproven(provenEvents) === 0 ? (this.exposure?.result(this.nextIndex) ?? null) : null,
      withoutContent,
      notCompared: this.known.filter((known) => !this.compared.has(known)).map(({ size }) => size),
    };
  }

  private unproven(provenEvents: number): number {
    return this.events - provenEvents;
  }

  private begin(line: Line): boolean {
    if (line.format !== EXPORT_FORMAT) {
      this.add({ kind: 'unknown-format', format: String(line.format) });
      return false;
    }
    this.kind = line.kind === 'selection' ? 'selection' : 'range';
    const from = isObject(line.from) ? line.from : {};
    const size = Number(from.size ?? 0);
    const edge = Array.isArray(from.edge) ? from.edge.map((hash) => Buffer.from(String(hash), 'base64')) : [];
    const tree = Number.isSafeInteger(size) && size >= 0 ? GrowingTree.from(size, edge) : null;
    if (tree === null) return this.damaged('the edge it begins from is none');
    this.tree = tree;
    this.firstIndex = this.nextIndex = size;
    this.comparison = new LeafComparison(size, MAX_FINDINGS);
    // A range that begins later is only worth something when a known checkpoint stands where it begins.
    if (size > 0 && this.kind === 'range') this.compareRoot(this.known.filter((known) => known.size === size));
    return true;
  }

  private takeHashes(text: string): boolean {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length === 0 || bytes.length % 32 !== 0 || bytes.length > TILE_WIDTH * 32)
      return this.damaged('not a run of hashes');
    for (let at = 0; at < bytes.length; at += 32) {
      const hash = bytes.subarray(at, at + 32);
      this.tree.add(hash);
      this.comparison.expect(hash.toString('base64'));
      this.compareRoot(this.known.filter(({ size }) => size === this.tree.size));
    }
    return true;
  }

  private takeEvent(line: Line): boolean {
    const index = Number(line.index);
    const place = this.firstIndex + this.events;
    const isRecord = typeof line.record === 'string';
    const header = isRecord ? null : headerOfLeaf(line.leaf as string);
    const found = isRecord
      ? leafOfRecord(line.record as string)
      : header && { ...header, leaf: Buffer.from(line.leaf as string) };
    if (found === null) return this.damaged(`the record at ${index} is none`);
    this.events++;
    if (this.events % 10_000 === 0) this.options.onProgress?.(this.events);
    if (isRecord) this.leavesAlone.learn(found, line.record as string);
    else this.leavesAlone.see(found);
    const hash = leafHash(found.leaf);
    if (this.kind === 'selection') return this.takeSelected(index, hash, line.proof);
    if (index !== place) {
      const reason = `event ${place} says that it is number ${String(line.index)}`;
      this.misnumbered ??= { kind: 'damaged-line', line: this.lineNumber, reason };
    }
    this.nextIndex = place + 1;
    this.exposure?.see(place, found, isRecord ? (line.record as string) : null);
    this.comparison.see({
      hash: hash.toString('base64'),
      name: `${found.type} ${found.id}, ${found.stream} revision ${found.revision}`,
    });
    return !this.comparison.isFull;
  }

  private takeSelected(index: number, hash: Buffer, proof: unknown): boolean {
    const path = Array.isArray(proof) ? proof.map((part) => Buffer.from(String(part), 'base64')) : [];
    if (index < this.nextIndex) return this.damaged(`event ${index} stands behind one that comes after it, or twice`);
    if (this.selectionHead !== null && isIncluded(hash, index, path, this.selectionHead)) this.proven++;
    else this.add({ kind: 'not-proven', index });
    this.nextIndex = index + 1;
    return this.findings.length < MAX_FINDINGS;
  }

  /** A checkpoint of the export: stands where its size is reached, or, in a selection, before the events it proves. */
  private meetCheckpoint(note: string): boolean {
    const checkpoint = this.checkpoint(note);
    if (checkpoint === null) return true;
    const sameSize = this.known.filter(({ size }) => size === checkpoint.size);
    for (const known of sameSize) this.compared.add(known);
    if (sameSize.some(({ root }) => !root.equals(checkpoint.root))) this.add({ kind: 'forked', size: checkpoint.size });
    if (this.kind === 'selection') {
      this.selectionHead = this.provenTo = checkpoint;
      return true;
    }
    if (checkpoint.size !== this.tree.size)
      return this.damaged(`a checkpoint of ${checkpoint.size} behind ${this.tree.size} hashes`);
    this.compareRoot([checkpoint]);
    return true;
  }

  private compareRoot(checkpoints: readonly Checkpoint[]): void {
    for (const checkpoint of checkpoints) {
      this.compared.add(checkpoint);
      if (this.tree.root().equals(checkpoint.root)) {
        if (checkpoint.size >= (this.provenTo?.size ?? 0)) this.provenTo = checkpoint;
      } else if (!this.isContradicted) {
        this.isContradicted = true;
        const ownAgreed =
          this.provenTo !== null && !this.known.includes(this.provenTo) && this.provenTo.size >= checkpoint.size;
        const isKnown = this.known.includes(checkpoint);
        this.add(
          isKnown || ownAgreed
            ? { kind: 'forked', size: checkpoint.size }
            : { kind: 'hashes-contradict-checkpoint', size: checkpoint.size },
        );
      }
    }
  }

  private takeEnd(end: Line): boolean {
    const isSelection = this.kind === 'selection';
    const said = Number(isSelection ? end.count : end.size);
    const there = isSelection ? this.events : this.tree.size;
    this.endSize = said;
    if (said > there)
      this.add({ kind: 'truncated', atIndex: isSelection ? this.nextIndex : there, missing: said - there });
    else if (said !== there) return this.damaged(`the end says ${String(said)} where there are ${there}`);
    return true;
  }

  private endRange(): void {
    const missing = this.comparison.end();
    this.findings.push(...this.comparison.findings);
    if (missing > 0) this.add({ kind: 'truncated', atIndex: this.tree.size - missing, missing });
    const newest = this.known.at(-1);
    if (newest !== undefined && newest.size > this.tree.size) {
      for (const known of this.known) if (known.size > this.tree.size) this.compared.add(known);
      this.add({ kind: 'rolled-back', toSize: this.tree.size, knownSize: newest.size });
    }
  }

  private checkpoint(note: string, witnesses: readonly TrustedKey[] = []): Checkpoint | null {
    const read = readSignedCheckpoint(note, [...this.options.keys, ...witnesses]);
    if (typeof read === 'object') return read;
    if (read === 'not-witnessed') this.add({ kind: 'not-witnessed' });
    else if (read === 'other-log')
      this.add({ kind: 'other-log', origin: note.split('\n')[0] ?? '', line: this.lineNumber });
    else this.add({ kind: 'forged-checkpoint', reason: read, line: this.lineNumber });
    return null;
  }

  private damaged(reason: string): boolean {
    this.add({ kind: 'damaged-line', line: this.lineNumber, reason });
    return this.findings.length < MAX_FINDINGS;
  }

  private add(finding: Finding): void {
    if (this.findings.length < MAX_FINDINGS) this.findings.push(finding);
  }
}

function isObject(value: unknown): value is Line {
  return typeof value === 'object' && value !== null;
}

function objectIn(text: string): Line | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
