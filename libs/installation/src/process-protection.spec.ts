import { describe, expect, it } from '@jest/globals';
import { leaksIn } from './process-protection.ts';
import type { Surroundings } from './process-protection.ts';

const closed: Surroundings = {
  coreLimit: '1',
  corePattern: 'core',
  canSwap: false,
  nodeOptions: ['--disable-sigusr1'],
  isInspected: false,
};

describe('what could leave the memory of a process', () => {
  it('is nothing where a core file may have one byte', () => expect(leaksIn(closed)).toEqual([]));

  it.each([
    ['0', 'core', []],
    ['0', '|/usr/share/apport/apport -p%p', ['core-handler']], // what is piped has no limit
    ['1', '|/usr/share/apport/apport -p%p', []],
    ['1', '@/run/coredump.socket', ['core-handler']],
    ['unlimited', 'core', ['core-file']],
    ['unlimited', '|/lib/systemd/systemd-coredump', ['core-file', 'core-handler']],
    ['', 'core', ['core-file']], // it could not be read
  ])('of a core with a limit of %s by %s: %j', (coreLimit, corePattern, leaks) =>
    expect(leaksIn({ ...closed, coreLimit, corePattern })).toEqual(leaks),
  );

  it.each([
    [['--disable_sigusr1'], []],
    [[], ['debugger']],
    [['--disable-sigusr1', '--heapsnapshot-signal=SIGUSR2'], ['heap-file']],
    [['--disable-sigusr1', '--heapsnapshot_near_heap_limit=3'], ['heap-file']],
    [['--disable-sigusr1', '--heap-prof'], ['heap-file']],
  ])('with Node’s options %j: %j', (nodeOptions, leaks) => expect(leaksIn({ ...closed, nodeOptions })).toEqual(leaks));

  it('is all of it where a debugger is open', () =>
    expect(leaksIn({ ...closed, isInspected: true })).toEqual(['inspector']));
});
