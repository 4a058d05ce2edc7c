import { noisyCells } from '../noisy-cells.ts';
import { PeriodCounts } from '../period-counts.ts';
import { Chance } from '../privacy/chance.ts';
import { DEFAULT_PRIVACY, privacyBudget } from '../privacy/privacy-budget.ts';
import { seededBytes } from './seeded-bytes.ts';

/*
 * Somebody who reads the whole database knows who was shown what on which day: the record says so. The counts must not tell them
 * which browser a person uses. A year of habits, and the attack that broke the exact counts of older releases.
 */

const PERSONS = 200;
const DAYS = 360;
const BROWSERS = ['Chrome 142', 'Safari 18', 'Edge 142', 'Firefox 145', 'Samsung Internet 28', 'Opera 120'];
const SHARES = [45, 65, 80, 90, 96, 100];

interface View {
  readonly day: number;
  readonly person: number;
}

interface Year {
  readonly browserOf: readonly number[];
  readonly views: readonly View[];
}

function year(seed: string): Year {
  const chance = new Chance(seededBytes(`year ${seed}`));
  const browserOf = Array.from({ length: PERSONS }, () => {
    const drawn = chance.below(100);
    return SHARES.findIndex((share) => drawn < share);
  });
  const habits = Array.from({ length: PERSONS }, () => 2 + chance.below(25)); // views in a hundred days
  const views: View[] = [];
  for (let day = 0; day < DAYS; day++) {
    for (let person = 0; person < PERSONS; person++) {
      if (chance.below(100) < (habits[person] ?? 0)) views.push({ day, person });
    }
  }
  return { browserOf, views };
}

/** One count that was written, as an equation: so many of these visits were made with one browser. */
interface Equation {
  readonly browser: number;
  /** How often each person is among the visits. */
  readonly visits: ReadonlyMap<number, number>;
  readonly count: number;
}

function visitsOf(views: readonly View[], isOnce: boolean): Map<number, number> {
  const visits = new Map<number, number>();
  for (const { person } of views) visits.set(person, isOnce ? 1 : (visits.get(person) ?? 0) + 1);
  return visits;
}

/** As now: noisy, for each period. */
function equationsNow({ browserOf, views }: Year, seed: string): Equation[] {
  const budget = privacyBudget(DEFAULT_PRIVACY);
  const bytes = seededBytes(`noise ${seed}`);
  const chance = new Chance(bytes);
  const equations: Equation[] = [];
  for (let from = 0; from < DAYS; from += DEFAULT_PRIVACY.periodDays) {
    const within = views.filter(({ day }) => day >= from && day < from + DEFAULT_PRIVACY.periodDays);
    const counts = new PeriodCounts(Buffer.from(bytes(32)));
    for (const { person } of within)
      counts.count(`person ${person}`, 'browser', BROWSERS[browserOf[person] ?? 0] ?? '');
    const visits = visitsOf(within, true);
    const cells = noisyCells(counts.cells().get('browser') ?? new Map(), budget, chance);
    for (const { value, persons } of cells)
      equations.push({ browser: BROWSERS.indexOf(value), visits, count: persons });
  }
  return equations;
}

/** As it was: exact, as soon as ten different persons were in a cell. */
function equationsThen({ browserOf, views }: Year): Equation[] {
  const equations: Equation[] = [];
  BROWSERS.forEach((_, browser) => {
    let since: View[] = [];
    const persons = new Set<number>();
    let count = 0;
    for (const view of views) {
      since.push(view);
      if (browserOf[view.person] === browser) {
        persons.add(view.person);
        count += 1;
      }
      if (persons.size < 10) continue;
      equations.push({ browser, visits: visitsOf(since, false), count });
      since = [];
      persons.clear();
      count = 0;
    }
  });
  return equations;
}

/** Least squares for each browser, leaning towards what the shares of all make likely; then the likeliest for each person. */
function named(equations: readonly Equation[]): number[] {
  const scores = BROWSERS.map((_, browser) => {
    const own = equations.filter((equation) => equation.browser === browser);
    const visits = own.reduce((sum, each) => sum + [...each.visits.values()].reduce((all, one) => all + one, 0), 0);
    const share = visits === 0 ? 0 : own.reduce((sum, { count }) => sum + count, 0) / visits;
    return solved(own, share);
  });
  return Array.from({ length: PERSONS }, (_, person) => {
    const ofPerson = scores.map((score) => score[person] ?? 0);
    return ofPerson.indexOf(Math.max(...ofPerson));
  });
}

/** Conjugate gradients on the normal equations of the differences from the share. */
function solved(equations: readonly Equation[], share: number): number[] {
  const leaning = 0.01;
  const apply = (x: readonly number[]) => {
    const result = x.map((value) => value * leaning);
    for (const { visits } of equations) {
      let sum = 0;
      for (const [person, times] of visits) sum += times * (x[person] ?? 0);
      for (const [person, times] of visits) result[person] = (result[person] ?? 0) + times * sum;
    }
    return result;
  };
  const dot = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
  let x = Array.from({ length: PERSONS }, () => 0);
  let residual = Array.from({ length: PERSONS }, () => 0);
  for (const { visits, count } of equations) {
    const all = [...visits.values()].reduce((sum, times) => sum + times, 0);
    for (const [person, times] of visits) residual[person] = (residual[person] ?? 0) + times * (count - share * all);
  }
  let direction = residual;
  for (let step = 0; step < 150 && dot(residual, residual) > 1e-9; step++) {
    const applied = apply(direction);
    const along = dot(residual, residual) / dot(direction, applied);
    x = x.map((value, at) => value + along * (direction[at] ?? 0));
    const next = residual.map((value, at) => value - along * (applied[at] ?? 0));
    const turn = dot(next, next) / dot(residual, residual);
    direction = next.map((value, at) => value + turn * (direction[at] ?? 0));
    residual = next;
  }
  return x.map((value) => value + share);
}

function rightOf(names: readonly number[], { browserOf }: Year): number {
  return names.filter((name, person) => name === browserOf[person]).length / PERSONS;
}

/** What guessing the commonest browser for everybody gets right. */
function guessed({ browserOf }: Year): number {
  return Math.max(...BROWSERS.map((_, browser) => browserOf.filter((each) => each === browser).length)) / PERSONS;
}

/** What the attack comes to in one year: which share of all persons has the browser that it names for them. */
export interface AttackOnAYear {
  /** By guessing the commonest for everybody, without any count. */
  readonly guessed: number;
  /** By what is written now. */
  readonly named: number;
  /** By exact counts of ten and more, as older releases wrote them. */
  readonly namedThen: number;
  /** Counts that were known now: where it is none, the attack had nothing to work on. */
  readonly equations: number;
}

/** @param seed names the year: its persons, their habits and the noise */
export function attackOnAYear(seed: string): AttackOnAYear {
  const all = year(seed);
  const now = equationsNow(all, seed);
  return {
    guessed: guessed(all),
    named: rightOf(named(now), all),
    namedThen: rightOf(named(equationsThen(all)), all),
    equations: now.length,
  };
}
