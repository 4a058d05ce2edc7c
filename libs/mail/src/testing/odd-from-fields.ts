import type { AuthorFault } from '../syntax/author.ts';

/** A From field as nobody should write it, or hardly anybody does, and what it comes to. */
export interface OddFrom {
  readonly what: string;
  /** What stands behind `From: `; bytes as latin1. Several: the field stands more than once. */
  readonly fields: readonly string[];
  /** The one address, canonical; null for no single clear author. */
  readonly address: string | null;
  readonly displayName?: string;
  /** A name or comment reads as another address. */
  readonly namesAnother?: boolean;
  readonly fault?: AuthorFault;
  /** Every address that is understood in it; default: the one. */
  readonly names?: readonly string[];
}

const OFFICE = 'office@example.org';
const BOSS = 'boss@bank.example';

type Row = readonly [string, string, Partial<Omit<OddFrom, 'what' | 'fields'>>];
const clear = (what: string, field: string, displayName: string, address = OFFICE): Row => [
  what,
  field,
  { address, displayName },
];
const misleading = (what: string, field: string, displayName: string): Row => [
  what,
  field,
  { address: OFFICE, displayName, namesAnother: true },
];
const unclear = (what: string, field: string, fault: AuthorFault, ...names: string[]): Row => [
  what,
  field,
  { fault, names },
];

const ROWS: readonly Row[] = [
  clear('is an address alone', OFFICE, ''),
  clear('has a name', `The Office <${OFFICE}>`, 'The Office'),
  clear('has a quoted name with a comma', `"Office, The" <${OFFICE}>`, 'Office, The'),
  clear('is folded', `The Office\r\n\t<${OFFICE}>`, 'The Office'),
  clear('has the name in a comment', `${OFFICE} (The Office)`, 'The Office'),
  clear('has a comment within a comment', `Office (of (all) sorts) <${OFFICE}>`, 'Office (of (all) sorts)'),
  clear('has comments and spaces all over', `(a) office (b) @ (c) example (d) . (e) org (f)`, 'a b c d e f'),
  clear('has the local part in quotes', '"office"@example.org', ''),
  clear('has another domain’s local part in quotes', '"boss"@bank.example', '', BOSS),
  clear('has a source route', `<@relay.example,@hop.example:${BOSS}>`, '', BOSS),
  clear('has capitals', 'OFFICE@Example.ORG', ''),
  clear('has dots in its name', `John Q. Public <${OFFICE}>`, 'John Q. Public'),
  clear('has an empty list element', `, ${OFFICE},`, ''),
  clear('has a raw name in windows-1252', `J\xf8rgen <${OFFICE}>`, 'Jørgen'),
  clear('has a raw name in UTF-8', `J\xc3\xb8rgen <${OFFICE}>`, 'Jørgen'),
  clear('has an encoded name with a comma', `=?iso-8859-1?Q?Holm,_J=F8rgen?= <${OFFICE}>`, 'Holm, Jørgen'),
  clear('has an encoded name in quotes', `"=?utf-8?Q?J=C3=B8rgen?=" <${OFFICE}>`, 'Jørgen'),
  clear('has a name split in a character', `=?utf-8?Q?J=C3?= =?utf-8?Q?=B8rgen?= <${OFFICE}>`, 'Jørgen'),
  clear('has a domain in Unicode', 'office@b\xc3\xbccher.example', '', 'office@xn--bcher-kva.example'),
  clear('has its own address as its name', `${OFFICE} <${OFFICE}>`, OFFICE),
  misleading('has another address as its name', `"${BOSS}" <${OFFICE}>`, BOSS),
  misleading('has another address in an encoded word', `=?utf-8?Q?boss=40bank.example?= <${OFFICE}>`, BOSS),
  misleading(
    'has an encoded name in brackets',
    `=?utf-8?Q?Boss_=3Cboss=40bank.example=3E?= <${OFFICE}>`,
    `Boss <${BOSS}>`,
  ),
  misleading('has a name with a full-width at sign', `boss\xef\xbc\xa0bank.example <${OFFICE}>`, 'boss＠bank.example'),
  misleading('has a name with spaces at the at sign', `"boss @ bank.example" <${OFFICE}>`, 'boss @ bank.example'),
  misleading('has another address in a comment', `Office <${OFFICE}> (${BOSS})`, `Office (${BOSS})`),
  unclear('has two addresses without a comma', `${BOSS} ${OFFICE}`, 'unreadable'),
  unclear('has two addresses', `${OFFICE}, Boss <${BOSS}>`, 'several', OFFICE, BOSS),
  unclear('has two addresses with a semicolon', `${OFFICE}; ${BOSS}`, 'several', OFFICE, BOSS),
  unclear('has two addresses in brackets', `Office <${OFFICE}> <${BOSS}>`, 'unreadable'),
  unclear('has another address bare as its name', `${BOSS} <${OFFICE}>`, 'unreadable', OFFICE),
  unclear('has text behind the address', `<${OFFICE}> ${BOSS}`, 'unreadable', OFFICE),
  unclear('is a group', `Office: ${OFFICE};`, 'group', OFFICE),
  unclear('is an empty group', 'undisclosed:;', 'group'),
  unclear('has an encoded word for an address', '=?utf-8?Q?boss=40bank.example?=', 'unreadable'),
  unclear('has an encoded word within its address', '=?utf-8?Q?boss?=@example.org', 'unreadable'),
  unclear('has brackets in an encoded word', `=?utf-8?Q?x<${BOSS}>?= <${OFFICE}>`, 'unreadable'),
  unclear('has an open quote', `"Office <${OFFICE}>`, 'unreadable'),
  unclear('has an open bracket', `Office <${OFFICE}`, 'unreadable', OFFICE),
  unclear('has an unquoted comma in its name', `Office, The <${OFFICE}>`, 'unreadable', OFFICE),
  unclear('has empty brackets', `Office <${OFFICE}>, <>`, 'unreadable', OFFICE),
  unclear('is a link', `Office <mailto:${BOSS}>`, 'unreadable'),
  unclear('has a backslash', 'office\\@bank.example@example.org', 'unreadable'),
  unclear('has an address in its local part', `"${BOSS}"@example.org`, 'not-plain'),
  unclear('has words in its local part', '"two words"@example.org', 'not-plain'),
  unclear('has a local part of letters of several scripts', '\xd0\xb0nna@example.org', 'not-plain'),
  unclear('has a domain literal', 'office@[192.0.2.1]', 'not-plain'),
  unclear('has a control character', 'office@example.org\0', 'not-plain'),
  unclear('is empty', '', 'empty'),
  unclear('is a comment', `(${BOSS})`, 'empty'),
  unclear('is endless', `${'x '.repeat(5000)}<${OFFICE}>`, 'too-long'),
];

export const oddFromFields: readonly OddFrom[] = [
  ...ROWS.map(([what, field, result]): OddFrom => ({ what, fields: [field], address: null, ...result })),
  { what: 'stands twice', fields: [OFFICE, BOSS], address: null, fault: 'repeated', names: [OFFICE, BOSS] },
  { what: 'stands twice, the same', fields: [OFFICE, OFFICE], address: null, fault: 'repeated', names: [OFFICE] },
];

/** A mail with that From. */
export function mailFrom({ fields }: OddFrom): Buffer {
  const lines = fields.map((field) => `From: ${field}\r\n`).join('');
  return Buffer.from(`${lines}To: anna@example.com\r\nSubject: odd\r\n\r\nx\r\n`, 'latin1');
}
