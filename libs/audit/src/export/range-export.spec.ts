import { expect, it } from '@jest/globals';
import { eventOfTests, ORIGIN } from '../testing/log-of-tests.ts';
import { exportRange } from './range-export.ts';

it('goes over more checkpoints than a call takes arguments, each in its place', async () => {
  const size = 150_000; // of ten minutes each: three years
  const event = eventOfTests(0);
  const hash = Buffer.alloc(32);
  const note = (n: number) => `${ORIGIN}\n${n}\n${hash.toString('base64')}\n\n— ${ORIGIN} AAAA\n`;
  const lines = exportRange({
    events: (async function* () {
      for (let index = 0; index < size; index++) yield event;
    })(),
    tree: { hashes: (_level, _first, count) => Array.from({ length: count }, () => hash) },
    from: 0,
    checkpoints: (function* () {
      for (let n = 1; n <= size; n++) yield note(n);
    })(),
  });
  let [last, checkpoints, misplaced] = ['', 0, 0];
  for await (const line of lines) {
    if (line.startsWith('{"checkpoint"') && !last.startsWith(`{"index":${checkpoints++},`)) misplaced++;
    last = line;
  }
  expect([checkpoints, misplaced, last]).toEqual([size, 0, `{"end":{"size":${size}}}`]);
});
