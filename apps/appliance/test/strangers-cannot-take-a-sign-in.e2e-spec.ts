import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUSES } from './houses.ts';
import type { House } from './houses.ts';
import { HttpReader, mailIdsIn, newCode } from './http-reader.ts';
import type { Answer } from './http-reader.ts';

const PATIENCE_MS = 420_000;

describe('strangers who hold somebody’s attachment', () => {
  // At all houses at once: at each the story waits for the minute after which a code comes past the hour's limit.
  const stories = new Map<string, Promise<void>>();
  beforeAll(() => {
    for (const { name, open, isThere } of HOUSES) {
      if (!isThere) continue;
      const story = tellAt(open);
      story.catch(() => undefined); // its test says so
      stories.set(name, story);
    }
  });
  afterAll(() => Promise.allSettled(stories.values()), PATIENCE_MS);

  for (const { name, isThere } of HOUSES) {
    (isThere ? it : it.skip)(
      `take nobody’s sign-in away: a recipient who was never here gets in from another network, from an office’s too, at ${name}`,
      () => stories.get(name),
      PATIENCE_MS,
    );
  }
});

async function tellAt(open: (typeof HOUSES)[number]['open']): Promise<void> {
  const house = await open();
  try {
    await strangersComeTo(house);
  } finally {
    await house.close();
  }
}

async function strangersComeTo(house: House): Promise<void> {
  const field = await house.ciphertext();
  const message = (await new HttpReader(house.url).handIn(field)).location;

  /** A browser that was never here, with the attachment. */
  async function browserAt(address: string): Promise<HttpReader> {
    const reader = new HttpReader(house.url, address);
    expect((await reader.handIn(field)).location).toBe(message);
    return reader;
  }

  /** Begins sign-ins, each time as another browser. @returns how many went as far as the page to choose on */
  async function begin(times: number, addressOf: (turn: number) => string): Promise<number> {
    let begun = 0;
    for (let turn = 0; turn < times; turn++) {
      const answer = await (await browserAt(addressOf(turn))).get(`${message}/prove`);
      if (answer.status === 303 && answer.location.includes('/oidc/')) begun++;
      else expect(answer.status).toBe(429);
    }
    return begun;
  }

  const knowsTheAddress = await new HttpReader(house.url, '192.0.2.1').get(`${message}/prove`);
  expect([knowsTheAddress.status, knowsTheAddress.location]).toEqual([303, message]); // begins nothing, spends nothing
  // 200 from ten /64s of one /48, 20 from one address of an office, 12 codes from four /64s.
  expect(await begin(200, (turn) => `2001:db8:0:${(turn % 10) * 256}::${turn}`)).toBeLessThanOrEqual(200);
  expect(await begin(20, () => '198.51.100.1')).toBeLessThanOrEqual(20);
  for (let turn = 0; turn < 12; turn++) {
    const stranger = await browserAt(`2001:db8:f${turn % 4}::${turn}`);
    await stranger.asksForACode(message).catch(() => null); // what they are refused is not the question
  }
  const anna = await browserAt('198.51.100.77');
  const page = await signInWithPatience(anna, message);
  expect(page.body).toContain(`${message}/view`);
  await anna.view(message, page);

  // She comes back when strangers have spent all anew: her network has a share of its own, and the code comes at once.
  await begin(60, (turn) => `2001:db8:${(turn + 1) * 16}::1`);
  const again = await browserAt('198.51.100.77');
  expect((await again.signInFor(message)).body).toContain(`${message}/view`);
}

/** A code past the hour's limit comes a minute after the last one: asked for again until then, as a person would. */
async function signInWithPatience(reader: HttpReader, message: string): Promise<Answer> {
  const { location } = await reader.asksForACode(message);
  for (const deadline = Date.now() + 200_000; Date.now() < deadline;) {
    const before = await mailIdsIn(reader.url);
    const page = await reader.submit(await reader.get(location), `${location}/another`);
    const enter = await reader.get(page.location === '' ? location : page.location);
    if (enter.body.includes('name="code"')) {
      const code = await newCode(reader.url, before);
      expect(code).toMatch(/^([A-Z2-7]{4} ){3}[A-Z2-7]{4}$/); // long: nobody guesses it
      return reader.follow(await reader.submit(enter, location, { code }));
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  throw new Error('no code within 200 s');
}
