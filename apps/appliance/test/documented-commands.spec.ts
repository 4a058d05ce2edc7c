import { describe, expect, it } from '@jest/globals';
import { NOT_RUN, RUN_AS_THEY_STAND } from './commands-that-run.ts';
import { commandsIn, PAGES } from './documented-commands.ts';

describe.each(PAGES)('every command in %s', (page) => {
  const listed = [...(RUN_AS_THEY_STAND[page] ?? []), ...Object.keys(NOT_RUN[page] ?? {})];
  /** The longest beginning counts: `segl dkim record` is also how `segl dkim record --json` begins. */
  const listedFor = (command: string) =>
    listed.filter((start) => command.startsWith(start)).toSorted((one, other) => other.length - one.length)[0];

  it('is run by a test as it stands there, or is listed with the reason why not', () => {
    expect(commandsIn(page).filter((command) => listedFor(command) === undefined)).toEqual([]);
  });

  it('is there, where it is listed', () => {
    const there = commandsIn(page).map(listedFor);
    expect(listed.filter((start) => !there.includes(start))).toEqual([]);
  });
});

it('no page is listed that operators do not read', () => {
  const pages = [...Object.keys(RUN_AS_THEY_STAND), ...Object.keys(NOT_RUN)];
  expect(pages.filter((page) => !PAGES.includes(page))).toEqual([]);
});
