import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { exportSelection } from '../export/range-export.ts';
import { inclusionProof } from '../ledger/tree-proofs.ts';
import { eventOfTests, LogOfTests, signerOfTests } from '../testing/log-of-tests.ts';
import { readTrustedKey } from './note.ts';
import type { TrustedKey } from './note.ts';
import { verifyExport } from './verify-export.ts';
import type { Finding } from './verify-export.ts';

const signer = signerOfTests();
const keys = [readTrustedKey(signer.vkey) as TrustedKey];
const log = new LogOfTests(900);
const notes = [300, 600, 900].map((size) => log.note(size, signer));
const kept = notes[1] as string;

async function verify(lines: readonly string[], known: readonly string[] = [kept], trusted = keys) {
  const given = (async function* () {
    yield* lines;
  })();
  return verifyExport(given, { keys: trusted, known });
}
const kinds = (findings: readonly Finding[]) => [...new Set(findings.map(({ kind }) => kind))];
const names = (event = log.events[0]) => `${event?.type} ${event?.id}, ${event?.stream} revision ${event?.revision}`;

describe('an export of everything', () => {
  it('is proven to its last checkpoint', async () => {
    const report = await verify(await log.export(notes));
    expect(report).toMatchObject({
      isProven: true,
      findings: [],
      provenEvents: 900,
      unprovenEvents: 0,
      provenTo: { size: 900 },
    });
  });

  it('is proven from a checkpoint in between, and from one that is not its own not at all', async () => {
    const lines = await log.export(notes.slice(1), log.events, 300);
    expect(await verify(lines, [notes[0] as string])).toMatchObject({ isProven: true, provenEvents: 600 });
    const other = new LogOfTests(900, 'b');
    expect(kinds((await verify(lines, [other.note(300, signer)])).findings)).toEqual(['forked']);
  });

  it('shows an altered byte, and which event it was', async () => {
    const events = log.events.with(450, eventOfTests(450, 'x'));
    expect((await verify(await log.export(notes, events))).findings).toEqual([
      { kind: 'altered', index: 450, found: names(events[450]) },
    ]);
  });

  it('shows a removed event', async () => {
    const events = [...log.events.slice(0, 450), ...log.events.slice(451), eventOfTests(900)];
    const { findings } = await verify(await log.export(notes, events));
    expect(findings[0]).toEqual({ kind: 'removed', index: 450, count: 1 });
  });

  it('shows an inserted event', async () => {
    const events = [...log.events.slice(0, 450), eventOfTests(2000, 'x'), ...log.events.slice(450)];
    const { findings } = await verify(await log.export(notes, events));
    expect(findings[0]).toEqual({ kind: 'inserted', index: 450, found: names(events[450]) });
  });

  it('shows two events that changed places', async () => {
    const events = log.events.with(450, log.events[451] as never).with(451, log.events[450] as never);
    expect(kinds((await verify(await log.export(notes, events))).findings)).toEqual(['reordered']);
  });

  it('shows events cut off, whether the lines say where they end or not', async () => {
    const lines = await log.export(notes);
    expect(kinds((await verify(lines.slice(0, -1))).findings)).toEqual(['truncated']);
    const cut = lines.slice(0, 700);
    expect(kinds((await verify([...cut, lines.at(-1) as string])).findings)).toContain('truncated');
  });

  it('shows a log that was set back to before a checkpoint that somebody kept', async () => {
    const { findings } = await verify(await log.export(notes.slice(0, 1)), [kept]);
    expect(findings).toContainEqual({ kind: 'rolled-back', toSize: 300, knownSize: 600 });
  });

  it('shows a log that went another way since, though its own key signed that too', async () => {
    const fork = new LogOfTests(500);
    for (let index = 500; index < 900; index++) fork.add(eventOfTests(index, 'f'));
    const forkNotes = [300, 600, 900].map((size) => fork.note(size, signer));
    expect(kinds((await verify(await fork.export(forkNotes), [kept])).findings)).toEqual(['forked']);
  });

  it('shows hashes that were made to fit what was changed', async () => {
    const changed = new LogOfTests(900);
    changed.events[450] = eventOfTests(450, 'x');
    const rebuilt = new LogOfTests(0);
    for (const event of changed.events) rebuilt.add(event);
    expect(kinds((await verify(await rebuilt.export(notes), [])).findings)).toEqual(['hashes-contradict-checkpoint']);
  });

  it('shows a checkpoint that was forged, changed, or signed for another log', async () => {
    const forger = signerOfTests();
    const forged = log.note(900, forger);
    expect((await verify(await log.export([...notes.slice(0, 2), forged]))).findings).toContainEqual({
      kind: 'forged-checkpoint',
      reason: 'unknown-key',
      line: expect.any(Number),
    });
    const changed = (notes[2] as string).replace('\n900\n', '\n899\n');
    const lines = (await log.export(notes)).map((line) =>
      line.replace(JSON.stringify(notes[2]), JSON.stringify(changed)),
    );
    expect((await verify(lines)).findings).toContainEqual({
      kind: 'forged-checkpoint',
      reason: 'bad-signature',
      line: expect.any(Number),
    });
    const elsewhere = log.note(900, signer, 'other.example/ledger');
    const both = [...keys, readTrustedKey(signerOfTests('other.example/ledger').vkey) as TrustedKey];
    expect(kinds((await verify([...(await log.export([elsewhere]))], [], both)).findings)).toEqual([
      'forged-checkpoint',
    ]);
  });

  it('is not proven without a key, and says so for a format or a line that it does not know', async () => {
    expect((await verify(await log.export(notes), [], [])).isProven).toBe(false);
    expect((await verify(['{"format":"segl-ledger-export/2"}'])).findings).toEqual([
      { kind: 'unknown-format', format: 'segl-ledger-export/2' },
    ]);
    expect(kinds((await verify(['nonsense'])).findings)).toEqual(['damaged-line']);
    expect(kinds((await verify([])).findings)).toContain('damaged-line');
    const lines = await log.export(notes);
    expect((await verify([lines[0] as string, '{"later":"thing"}', ...lines.slice(1)])).isProven).toBe(true);
  });

  it('is never thrown out of step by what a line holds', async () => {
    const lines = await log.export(notes);
    const [first = ''] = lines;
    const record = JSON.stringify({
      index: 0,
      record: '{"id":"a","revision":0,"stream":"message-a","time":"t","type":"T","data":null}',
    });
    const hostile = [
      ...[
        'null',
        '[]',
        '0',
        '"text"',
        '{"end":null}',
        '{"end":{}}',
        '{"end":[]}',
        '{"exposure":null}',
        '{"disclosure":null}',
      ],
      ...[
        '{"exposure":{"messageId":"a"}}',
        record,
        '{"disclosure":{"index":0,"field":"x","key":"y"}}',
        '{"hashes":""}',
        '{"leaf":"null"}',
      ],
      ...['{"record":"[]"}', '{"checkpoint":""}', '{"checkpoint":"\\n\\n"}', '{"index":"x","leaf":"{}"}'],
    ];
    for (const line of hostile) expect((await verify([line])).isProven).toBe(false);
    const afterIts = hostile.map((line) => verify([first, line, ...lines.slice(1)]));
    expect(await Promise.all(afterIts)).toHaveLength(hostile.length);
    for (const size of ['-1', '1.5', '1e300', 'null', '{}'])
      expect(
        (await verify([`{"format":"segl-ledger-export/1","kind":"range","from":{"size":${size},"edge":[]}}`])).isProven,
      ).toBe(false);
    expect((await verify([first, ...hostile])).isProven).toBe(false);
  });

  it('shows an event that says another number than that of its place, and an end that is another', async () => {
    const lines = await log.export(notes);
    const at = lines.findIndex((line) => line.startsWith('{"index":450,'));
    const renumbered = lines.with(at, (lines[at] as string).replace('450', '45000'));
    expect(await verify(renumbered)).toMatchObject({
      isProven: false,
      findings: [{ kind: 'damaged-line', line: at + 1, reason: 'event 450 says that it is number 45000' }],
    });
    expect((await verify([...lines.slice(0, -1), '{"end":{"size":800}}'])).findings).toEqual([
      { kind: 'damaged-line', line: lines.length, reason: 'the end says 800 where there are 900' },
    ]);
  });

  it('says which checkpoints that were kept are older than it begins, so that it was compared with none of them', async () => {
    const lines = await log.export(notes.slice(2), log.events, 600);
    expect(await verify(lines, notes)).toMatchObject({ isProven: true, notCompared: [300] });
    expect(await verify(await log.export(notes), notes)).toMatchObject({ isProven: true, notCompared: [] });
  });
});

describe('an export of some events', () => {
  async function lines(indexes: readonly number[], event = (index: number) => log.events[index]) {
    const selected = (async function* () {
      for (const index of indexes) yield { index, event: event(index) as never };
    })();
    const all: string[] = [];
    for await (const line of exportSelection(selected, notes[2] as string, (index) => inclusionProof(log, index, 900)))
      all.push(line);
    return all;
  }

  it('proves each of them', async () => {
    expect(await verify(await lines([3, 450, 899]))).toMatchObject({
      isProven: true,
      provenEvents: 3,
      notCompared: [600],
    });
    expect(await verify(await lines([3, 450, 899]), notes.slice(2))).toMatchObject({ isProven: true, notCompared: [] });
  });

  it('counts none of them twice', async () => {
    expect(await verify(await lines([3, 450, 450]))).toMatchObject({ isProven: false, provenEvents: 2 });
    expect(kinds((await verify(await lines([450, 3]))).findings)).toEqual(['damaged-line']);
  });

  it('shows that the last of them were cut off, also where the end says no number', async () => {
    const all = await lines([3, 450, 899]);
    expect(kinds((await verify([...all.slice(0, -2), all.at(-1) as string])).findings)).toEqual(['truncated']);
    expect(kinds((await verify([...all.slice(0, -2), '{"end":{}}'])).findings)).toEqual(['damaged-line']);
  });

  it('does not prove an altered one', async () => {
    const { findings } = await verify(
      await lines([3, 450], (index) => (index === 3 ? eventOfTests(3, 'x') : log.events[index])),
    );
    expect(findings).toEqual([{ kind: 'not-proven', index: 3 }]);
  });
});

it('shares no code with what it checks', () => {
  const sources = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.includes('spec'));
  for (const name of sources) {
    const imports = [...readFileSync(`${import.meta.dirname}/${name}`, 'utf8').matchAll(/from '([^']+)'/g)].map(
      (match) => match[1],
    );
    for (const from of imports) expect(from).toMatch(/^(node:|\.\/)/);
  }
});
