import { describe, expect, it } from '@jest/globals';
import { UploadTurns } from './upload-turns.ts';

async function* pieces(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < count; piece++) yield new Uint8Array(bytes).fill(piece);
}

const round = () => new Promise<void>((resume) => setImmediate(resume));

/** An upload whose progress can be looked at while it is under way. */
function upload(
  turns: UploadTurns,
  count: number,
  bytes: number,
): { readonly taken: number[]; readonly done: Promise<void> } {
  const taken: number[] = [];
  const run = async () => {
    for await (const piece of turns.pace(pieces(count, bytes))) taken.push(piece[0] ?? -1);
  };
  return { taken, done: run() };
}

describe('uploads that share the event loop', () => {
  it('hands on every piece, in order', async () => {
    const { taken, done } = upload(new UploadTurns(), 20, 50_000);
    await done;
    expect(taken).toEqual([...Array(20).keys()]);
  });

  it('do no more than four turns a round, however many they are', async () => {
    const turns = new UploadTurns(() => 0);
    const uploads = Array.from({ length: 30 }, () => upload(turns, 3, 64 * 1024));
    const progress = () => uploads.reduce((sum, { taken }) => sum + taken.length, 0);
    const perRound: number[] = [];
    for (let before = 0; before < 90; before += perRound.at(-1) ?? 0) {
      await round();
      perRound.push(progress() - before);
    }
    expect(Math.max(...perRound)).toBe(4);
    expect(perRound.slice(1).every((taken) => taken > 0)).toBe(true);
  });

  it('do a single turn in a round where that one takes long, and all get theirs', async () => {
    let now = 0;
    const turns = new UploadTurns(() => now);
    const perRound: number[] = [];
    let taken = 0;
    const uploads = Array.from({ length: 5 }, async () => {
      for await (const _ of turns.pace(pieces(3, 64 * 1024))) {
        now += 10;
        taken++;
      }
    });
    for (let before = 0; taken < 15; before = taken) {
      await round();
      perRound.push(taken - before);
    }
    await Promise.all(uploads);
    expect(Math.max(...perRound)).toBe(1);
  });

  it('take their turns one after the other: none is finished while another has not begun', async () => {
    const turns = new UploadTurns();
    const uploads = Array.from({ length: 10 }, () => upload(turns, 5, 64 * 1024));
    await Promise.race(uploads.map(({ done }) => done));
    expect(uploads.map(({ taken }) => taken.length).every((progress) => progress >= 4)).toBe(true);
  });

  it('wait once for 64 KiB in small pieces, as a slow line brings them', async () => {
    const turns = new UploadTurns();
    const { taken } = upload(turns, 100, 600);
    await round();
    await round();
    expect(taken).toHaveLength(100);
  });

  it('lose no turn to an upload that breaks off', async () => {
    const turns = new UploadTurns();
    const broken = Array.from({ length: 8 }, async () => {
      for await (const _ of turns.pace(pieces(3, 64 * 1024))) break;
    });
    const { taken, done } = upload(turns, 10, 64 * 1024);
    await Promise.all([...broken, done]);
    expect(taken).toHaveLength(10);
  });
});
