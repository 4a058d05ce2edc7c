import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventId, PersonId } from '#libs/vocabulary';
import { newEventId } from '#libs/vocabulary';
import type { Json } from '#libs/event-store';
import { PersonKey } from './person/person.ts';
import type { Person } from './person/person.ts';
import {
  decryptDisclosed,
  decryptPersonalData,
  disclosureKey,
  encryptPersonalData,
  PersonalDataUnreadable,
  personPseudonym,
} from './personal-data.ts';
import type { DisclosureKey, EncryptedPersonalData } from './personal-data.ts';
import { anyPerson } from './testing/index.ts';

/** Key 00 01 … 1f; written by this code on 2026-01-01 and never to be changed: old events must open for ever. */
const frozenPerson: Person = {
  personId: 'aaaaaaaaaaaaaaaaaaaaaaaaaa' as PersonId,
  key: new PersonKey(Uint8Array.from({ length: 32 }, (_, i) => i)),
};
const frozenEvent = '00000000-0000-4000-8000-000000000001' as EventId;

const FROZEN: readonly { field: string; value: Json; text: EncryptedPersonalData; disclosure: DisclosureKey }[] = [
  {
    field: 'sender',
    value: 'anna@example.com',
    text: 'AbNaRsE50EDamolaquI-5aonx1nKn3n1lr8Rkxx3lZClS_iHV4wvS99PfGzKcE_CZw7U4NDUpZNeDhB2ifP1RAwqitCoPTKPjHlOL29PtgHGHtuiNdGAqW5BXKrT' as EncryptedPersonalData,
    disclosure: 'npRO4m_O9TZhcgsitQESfW3zmTA2wwo7V9XhoZU_bzA' as DisclosureKey,
  },
  {
    field: 'mailSubject',
    value: 'Årsopgørelse: 48.110,50 kr. – fortroligt',
    text: 'AYKeze0ERANQSvtpbb8-EZdAFhEslqIayxu_EqtMebyY1R4r2nDHeXUQBlPhcU23DtA3cb3fZL-jMZItLs77lAX8BDl-fcKLB_pe-YDE9ccKHDgBSTX7bAd2HLuC42QQeFSV_f3zaLIwZnS0AKoVL6KZEGOQNUlORYyElgs' as EncryptedPersonalData,
    disclosure: 'qN1lRLSbvm7b3mija_8fmfJdKYTflP_TJRf4CLizds8' as DisclosureKey,
  },
  {
    field: 'networkAddress',
    value: { address: '2001:db8::1', port: 443 },
    text: 'Ae_csT9GinjdoER46A8NTPkte9zSho23r0w5DfQbrn3PZQ5Xa0Cn8m6-G86RgQbDzkCaADRHzEqU-r3qEWTGNrH_QQ026HtcO37tszV2HFjLZFfCWtJVko3B5O9kuUzJaKp-hnMayuN-aIvYsZY5hw1VoB9C4Rjq020zU-8' as EncryptedPersonalData,
    disclosure: '92c-et0qS7YOrVWkvOfpD2pYtWFP9KoR53aOHjGdQCo' as DisclosureKey,
  },
];
const FROZEN_PSEUDONYM = 'EGAI3sSkp_XymbtfV4oS-g';

function refusalOf(work: () => unknown): string {
  try {
    return JSON.stringify(work());
  } catch (error) {
    if (error instanceof PersonalDataUnreadable) return error.code;
    throw error;
  }
}

describe('personal data in an event', () => {
  it('opens what was frozen', () => {
    for (const { field, text, disclosure, value } of FROZEN) {
      expect(decryptPersonalData(frozenPerson, frozenEvent, field, text)).toEqual(value);
      expect(disclosureKey(frozenPerson, frozenEvent, field)).toBe(disclosure);
      expect(decryptDisclosed(disclosure, text)).toEqual(value);
    }
    expect(personPseudonym(frozenPerson, 'network', '192.0.2.1')).toBe(FROZEN_PSEUDONYM);
  });

  it('comes back as it was, whatever it is', () =>
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ minLength: 1 }), (value, name) => {
        const [person, eventId, field] = [anyPerson(), newEventId(), name.replaceAll('\0', '_')];
        const stored = JSON.parse(JSON.stringify(value)) as Json; // JSON has no -0
        const text = encryptPersonalData(person, eventId, field, value as Json);
        expect(decryptPersonalData(person, eventId, field, text)).toEqual(stored);
        expect(decryptDisclosed(disclosureKey(person, eventId, field), text)).toEqual(stored);
      }),
    ));

  it('opens under no other person, event or field', () => {
    const [person, eventId] = [anyPerson(), newEventId()];
    const text = encryptPersonalData(person, eventId, 'sender', 'anna@example.com');
    const samePersonIdOtherKey = { ...anyPerson(), personId: person.personId };
    const otherPersonIdSameKey = { ...anyPerson(), key: person.key };
    expect(refusalOf(() => decryptPersonalData(samePersonIdOtherKey, eventId, 'sender', text))).toBe(
      'personal-data-unreadable',
    );
    expect(refusalOf(() => decryptPersonalData(otherPersonIdSameKey, eventId, 'sender', text))).toBe(
      'personal-data-unreadable',
    );
    expect(refusalOf(() => decryptPersonalData(person, newEventId(), 'sender', text))).toBe('personal-data-unreadable');
    expect(refusalOf(() => decryptPersonalData(person, eventId, 'recipient', text))).toBe('personal-data-unreadable');
    expect(refusalOf(() => decryptDisclosed(disclosureKey(person, eventId, 'recipient'), text))).toBe(
      'personal-data-unreadable',
    );
    expect(refusalOf(() => decryptDisclosed('short' as DisclosureKey, text))).toBe('personal-data-unreadable');
  });

  it('notices every changed bit and every cut', () => {
    const [person, eventId] = [anyPerson(), newEventId()];
    const bytes = Buffer.from(encryptPersonalData(person, eventId, 'sender', 'anna@example.com'), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      const text = altered.toString('base64url') as EncryptedPersonalData;
      expect(refusalOf(() => decryptPersonalData(person, eventId, 'sender', text))).toBe('personal-data-unreadable');
    }
    for (let length = 0; length < bytes.length; length++) {
      const text = bytes.subarray(0, length).toString('base64url') as EncryptedPersonalData;
      expect(refusalOf(() => decryptPersonalData(person, eventId, 'sender', text))).toBe('personal-data-unreadable');
    }
    const padded = `${bytes.toString('base64url')}=` as EncryptedPersonalData;
    expect(refusalOf(() => decryptPersonalData(person, eventId, 'sender', padded))).toBe('personal-data-unreadable');
  });

  it('says little of the length', () => {
    const lengthOf = (value: string) => encryptPersonalData(anyPerson(), newEventId(), 'sender', value).length;
    expect(lengthOf('a@b.dk')).toBe(lengthOf('anna.bergstrom@example.com'));
  });

  it('makes another text each time, of the same key', () => {
    const [person, eventId] = [anyPerson(), newEventId()];
    expect(encryptPersonalData(person, eventId, 'sender', 'x')).not.toBe(
      encryptPersonalData(person, eventId, 'sender', 'x'),
    );
  });

  it('refuses a field without a name and what is not JSON', () => {
    expect(() => encryptPersonalData(anyPerson(), newEventId(), '', 'x')).toThrow(TypeError);
    expect(() => encryptPersonalData(anyPerson(), newEventId(), 'a\0b', 'x')).toThrow(TypeError);
    expect(() => encryptPersonalData(anyPerson(), newEventId(), 'a', undefined as unknown as Json)).toThrow(TypeError);
  });
});

describe("a person's pseudonym for a text", () => {
  it('is equal for the same person, purpose and text alone', () => {
    const [person, other] = [anyPerson(), anyPerson()];
    const pseudonym = personPseudonym(person, 'network', '192.0.2.1');
    expect(pseudonym).toMatch(/^[\w-]{22}$/);
    expect(personPseudonym(person, 'network', '192.0.2.1')).toBe(pseudonym);
    expect(personPseudonym(person, 'network', '192.0.2.2')).not.toBe(pseudonym);
    expect(personPseudonym(person, 'browser', '192.0.2.1')).not.toBe(pseudonym);
    expect(personPseudonym(other, 'network', '192.0.2.1')).not.toBe(pseudonym);
  });
});

describe("a person's key", () => {
  it('is never printed, spread or serialised', () => {
    const secret = Buffer.alloc(32, 0xab);
    const key = new PersonKey(secret);
    const shown = [inspect(key, { depth: 9, showHidden: true }), String(key), Object.values(key).join()].join();
    expect(shown).not.toMatch(/ab, ?ab|abab|171/);
    expect(() => JSON.stringify({ personId: 'x', key })).toThrow(TypeError);
    expect(() => structuredClone({ ...key })).not.toThrow();
    secret.fill(0); // the key is a copy
    expect(() => new PersonKey(new Uint8Array(31))).toThrow(TypeError);
  });
});
