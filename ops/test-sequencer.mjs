import Sequencer from '@jest/test-sequencer';

/**
 * Long tests first, or the last of them runs alone while the other workers have nothing to do. A fresh clone knows no durations, but a
 * file's kind says much: a story starts processes and waits for them, a test with real parts opens some, a pure test takes milliseconds.
 */
export default class StoriesFirstSequencer extends Sequencer {
  sort(tests) {
    const kind = ({ path }) => ['.e2e-spec.ts', '.int-spec.ts', '.spec.ts'].findIndex((end) => path.endsWith(end));
    return [...super.sort(tests)].sort((one, other) => kind(one) - kind(other)); // a stable sort: otherwise as Jest would
  }
}
