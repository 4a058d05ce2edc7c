import ICAL from 'ical.js';
import { oneLine } from '../../syntax/header-text.ts';
import type { Contact } from './explanation.ts';

const MAX_CARDS = 5;
const MAX_VALUES = 10;

/** The cards of a vCard file (RFC 6350); none of what is no card. */
export function contactsIn(text: string): Contact[] {
  try {
    const parsed = ICAL.parse(text) as unknown[];
    const cards = typeof parsed[0] === 'string' ? [parsed] : parsed;
    return cards.slice(0, MAX_CARDS).flatMap((each) => {
      const card = new ICAL.Component(each as never);
      return card.name === 'vcard' ? [contact(card)] : [];
    });
  } catch {
    return []; // no card, or one of an old form: it stays a file
  }
}

function contact(card: ICAL.Component): Contact {
  const values = (name: string): string[] =>
    card
      .getAllProperties(name)
      .slice(0, MAX_VALUES)
      .map((property) => line(property.getFirstValue()))
      .filter((value) => value !== '');
  return {
    kind: 'contact',
    name: values('fn')[0] ?? values('n')[0] ?? '',
    organisation: values('org')[0] ?? '',
    addresses: values('email'),
    telephones: values('tel').map((value) => value.replace(/^tel:/i, '')),
  };
}

function line(value: unknown): string {
  const text = Array.isArray(value)
    ? value.filter((each) => typeof each === 'string' && each !== '').join(', ')
    : value;
  return oneLine(String(text ?? '').slice(0, 1000)).slice(0, 300);
}
