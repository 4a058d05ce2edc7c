import { describe, expect, it } from '@jest/globals';
import { INLINE_NOT_RUN, INLINE_RUN, NOT_RUN, RUN_AS_THEY_STAND, RUN_ON_A_MACHINE } from './commands-that-run.ts';
import { commandsIn, inlineCommandsIn, PAGES } from './documented-commands.ts';

describe.each(PAGES)('every command in %s', (page) => {
  const listed = [
    ...(RUN_AS_THEY_STAND[page] ?? []),
    ...(RUN_ON_A_MACHINE[page] ?? []),
    ...Object.keys(NOT_RUN[page] ?? {}),
  ];
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

it.each(PAGES)(
  'every command in the sentences of %s is run by a test, or is listed with the reason why not',
  (page) => {
    const listed = [...(INLINE_RUN[page] ?? []), ...Object.keys(INLINE_NOT_RUN[page] ?? {})];
    expect(inlineCommandsIn(page).toSorted()).toEqual(listed.toSorted());
  },
);

it('no page is listed that operators do not read', () => {
  const pages = [RUN_AS_THEY_STAND, RUN_ON_A_MACHINE, NOT_RUN, INLINE_RUN, INLINE_NOT_RUN].flatMap((list) =>
    Object.keys(list),
  );
  expect(pages.filter((page) => !PAGES.includes(page))).toEqual([]);
});
