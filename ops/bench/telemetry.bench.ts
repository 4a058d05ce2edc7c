import { attackOnAYear } from '#libs/telemetry/testing';

/*
 * Not a speed: what somebody who knows the whole audit trail of a year, 200 persons and their daily views, can tell of their browsers from
 * the counts. The attack is held by libs/telemetry/src/reading-the-whole-record.spec.ts; here are its figures.
 */

const YEARS = ['a', 'b', 'c', 'd', 'e'];

export function bench() {
  const years = YEARS.map(attackOnAYear);
  const mean = (of: (year: (typeof years)[number]) => number) =>
    years.reduce((sum, year) => sum + of(year), 0) / years.length;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const [guessed, named, then] = [
    mean((year) => year.guessed),
    mean((year) => year.named),
    mean((year) => year.namedThen),
  ];
  const count = mean((year) => year.equations);
  return [
    {
      name: 'browsers named by the counts - by guessing, points',
      ratio: (named - guessed) * 100,
      aim: '<= 2',
      detail: `${percent(named)} of persons named rightly by ${count.toFixed(0)} noisy counts a year, ${percent(guessed)} by guessing the commonest`,
    },
    {
      name: 'the same by exact counts, as until 0.1 (control)',
      ratio: (then - guessed) * 100,
      aim: '(nearly all)',
      detail: `${percent(then)} of persons named rightly`,
    },
  ];
}
