import { describe, expect, it } from '@jest/globals';
import { digestOf } from '#libs/vocabulary';
import { Allowance, noteSuccess } from '../allowance.ts';
import type { AllowanceLimits } from '../allowance.ts';
import { Tickets } from '../ticket.ts';
import type { ContractSetting } from './ephemeral-store-contract.ts';

const LIMITS: AllowanceLimits = { host: 3, site: 6, block: 9, inAll: 12, lastResort: { host: 1, block: 2 }, known: 2 };
const elsewhere = { status: 'elsewhere' };
const parse = (json: unknown) => (typeof json === 'string' ? json : null);

/** The words that rooms build on the store, raced over two clients. */
export function wordsContract(setting: ContractSetting): void {
  describe('tickets', () => {
    const tickets = (store = setting.store) => new Tickets(store, { kind: 'ticket', ttlSeconds: 60, parse });

    it('are taken once, of a hundred takers over two processes', async () => {
      const secret = await tickets().issue('browser', 'a proof');
      const takers = Array.from({ length: 100 }, (_, turn) =>
        tickets(turn % 2 === 0 ? setting.store : setting.other).take(secret, 'browser'),
      );
      const taken = (await Promise.all(takers)).filter((value) => value !== null);
      expect(taken).toEqual(['a proof']);
      expect(await tickets().take(secret, 'browser')).toBeNull();
    });

    it('stay for their owner when others try, also at the same time', async () => {
      const secret = await tickets().issue('browser', 'a proof');
      expect(await tickets().take(secret, 'another browser')).toBeNull();
      const tries = Array.from({ length: 40 }, (_, turn) =>
        tickets(setting.other).take(secret, turn === 20 ? 'browser' : `thief ${turn}`),
      );
      expect((await Promise.all(tries)).filter((value) => value !== null)).toEqual(['a proof']);
    });

    it('stay known when they are claimed, to one of a hundred as the first, and to others as another’s', async () => {
      const known = (store = setting.store) =>
        new Tickets(store, { kind: 'claimed', ttlSeconds: 60, parse, onceClaimed: () => 'spent' });
      const secret = await known().issue('browser', 'a nonce');
      expect(await known().claim(secret, 'another')).toEqual({ ...elsewhere, value: 'a nonce', wasClaimed: false });
      const claims = await Promise.all(
        Array.from({ length: 100 }, (_, turn) =>
          known(turn % 2 === 0 ? setting.store : setting.other).claim(secret, 'browser'),
        ),
      );
      expect(claims.filter((claim) => claim?.status === 'first')).toEqual([{ status: 'first', value: 'a nonce' }]);
      expect(claims.filter((claim) => claim?.status === 'again')).toHaveLength(99);
      expect(await known().claim(secret, 'browser')).toEqual({ status: 'again', value: 'spent' });
      expect(await known().claim(secret, 'another')).toEqual({ ...elsewhere, value: 'spent', wasClaimed: true });
      expect(await known().take(secret, 'browser')).toBeNull();
      await known().change(secret, () => 'ended');
      expect(await known().look(secret, 'browser')).toBe('ended');
    });

    it('say to one of a hundred that it was the first to come from elsewhere', async () => {
      const secret = await tickets().issue('browser', 'a proof');
      const notes = await Promise.all(
        Array.from({ length: 100 }, (_, turn) =>
          tickets(turn % 2 === 0 ? setting.store : setting.other).noteElsewhere(secret),
        ),
      );
      expect(notes.filter((note) => note?.isFirstTime === true)).toHaveLength(1);
      expect(await tickets().take(secret, 'browser')).toBe('a proof');
      expect(await tickets().noteElsewhere(secret)).toBeNull();
    });

    it('can be looked at by their owner, end by time, and none has a name that is no secret', async () => {
      const secret = await tickets().issue('browser', 'a proof');
      expect(await tickets(setting.other).look(secret, 'browser')).toBe('a proof');
      expect(await tickets().look(secret, 'another')).toBeNull();
      expect(await tickets().take('../ticket', 'browser')).toBeNull();
      const brief = new Tickets(setting.store, { kind: 'brief', ttlSeconds: 0.05, parse });
      const gone = await brief.issue('browser', 'a proof');
      await setting.elapse(0.1);
      expect(await brief.take(gone, 'browser')).toBeNull();
    });
  });

  describe('allowances', () => {
    const spend = async (networkPrefix: string, { store = setting.store, browser = '' } = {}) => {
      const visitor = { networkPrefix, ...(browser === '' ? {} : { browserDigest: digestOf(browser) }) };
      return (await new Allowance(store, 'allowance').spend('anna', visitor, LIMITS, 'anna')).standing;
    };
    const within = async (count: number, networkOf: (turn: number) => string) => {
      const turns = Array.from({ length: count }, (_, turn) =>
        spend(networkOf(turn), { store: turn % 2 === 0 ? setting.store : setting.other }),
      );
      return (await Promise.all(turns)).filter((standing) => standing === 'within').length;
    };

    it('are counted by /64, /56 and /48 and by /32 and /24, over two processes at once', async () => {
      expect(await within(20, () => '2001:db8:0:1::/64')).toBe(3);
      expect(await within(20, (turn) => `2001:db8:1:${turn.toString(16)}::/64`)).toBe(6);
      expect(await within(3, () => '192.0.2.1/32')).toBe(3);
    });

    it('one address of IPv4 takes nothing from its neighbours until their /24 has had its share', async () => {
      expect(await within(20, () => '192.0.2.1/32')).toBe(3);
      expect(await spend('192.0.2.2/32')).toBe('within');
      expect(await within(20, (turn) => `192.0.2.${3 + turn}/32`)).toBeLessThanOrEqual(8);
      expect(await spend('192.0.2.200/32')).toBe('over');
      expect(await spend('198.51.100.1/32')).toBe('within');
    });

    it('leave each host the last of it when strangers have spent all', async () => {
      for (let block = 0; block < 20; block++) await spend(`2001:db8:${block.toString(16)}::/64`);
      expect(await spend('2001:db8:ffff::/64')).toBe('last-resort');
      expect(await spend('2001:db8:ffff::/64')).toBe('over');
      expect(await spend('2001:db8:ffff:1::/64')).toBe('last-resort');
      expect(await spend('2001:db8:ffff:2::/64')).toBe('over');
      expect(await spend('2001:db8:fffe::/64')).toBe('last-resort');
    });

    it('have a share that no stranger can spend for browsers and networks that succeeded before', async () => {
      await noteSuccess(setting.other, 'anna', { networkPrefix: '203.0.113.9/32', browserDigest: digestOf('hers') });
      for (let turn = 0; turn < 30; turn++) await spend(`2001:db8:${turn.toString(16)}::/64`, { browser: 'not hers' });
      expect(await spend('203.0.113.9/32')).toBe('known');
      expect(await spend('198.51.100.7/32', { browser: 'hers' })).toBe('known');
      expect(await spend('198.51.100.7/32', { browser: 'hers' })).toBe('known');
      expect(await spend('198.51.100.7/32', { browser: 'hers' })).toBe('last-resort'); // her own share has an end as well
    });

    it('take back what came to nothing', async () => {
      const allowance = new Allowance(setting.store, 'allowance');
      for (let turn = 0; turn < 20; turn++) {
        const { giveBack, standing } = await allowance.spend('anna', { networkPrefix: '192.0.2.1/32' }, LIMITS);
        expect(standing).toBe('within');
        await giveBack();
      }
      expect(await allowance.isLeft('anna', { networkPrefix: '192.0.2.1/32' }, LIMITS)).toBe(true);
      expect(await within(5, () => '192.0.2.1/32')).toBe(3);
      expect(await allowance.isLeft('anna', { networkPrefix: '192.0.2.1/32' }, LIMITS)).toBe(false);
    });
  });
}
