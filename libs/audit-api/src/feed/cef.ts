import type { FeedEvent } from './feed-event.ts';

/** Of 0 to 10 (ArcSight CEF, version 0): what did not come off is looked at first. */
const SEVERITY: Readonly<Record<string, number>> = { done: 3, refused: 6, failed: 6 };

/** One line of the Common Event Format, without a line feed. No value can end its field, nor the line. */
export function cefLine(event: FeedEvent, release: string): string {
  const { type, time, eventId, stream, evidence, outcome, facts, persons, messageIds, revision } = event;
  const header = ['CEF:0', 'Segl', 'Segl', release, type, wordsOf(type), String(SEVERITY[outcome ?? ''] ?? 3)];
  const of = (part: string): string | undefined => persons.find((person) => person.part === part)?.personId;
  const fields: Readonly<Record<string, string | undefined>> = {
    rt: String(Date.parse(time)),
    externalId: eventId,
    outcome: outcome ?? undefined,
    reason: facts.reason,
    suid: of('sender'),
    duid: of('reader') ?? of('recipient') ?? of('claimant') ?? of('subject'),
    ...named(1, 'message', messageIds.join(' ')),
    ...named(2, 'stream', stream),
    ...named(3, 'evidence', evidence ?? undefined),
    ...named(4, 'method', facts.method),
    ...named(5, 'case', facts.caseNumber),
    ...named(6, 'restsOn', facts.signInId ?? facts.challengeId),
    ...{ cn1Label: 'revision', cn1: String(revision) },
  };
  const extension = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${inExtension(value)}`],
  );
  return `${header.map(inHeader).join('|')}|${extension.join(' ')}`;
}

function named(number: number, label: string, value: string | undefined): Readonly<Record<string, string | undefined>> {
  const isThere = value !== undefined && value !== '';
  return isThere ? { [`cs${number}Label`]: label, [`cs${number}`]: value } : {};
}

/** `MessageViewed` as people read it: `Message viewed`. */
function wordsOf(type: string): string {
  const words = type.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function inHeader(value: string): string {
  return value.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ');
}

function inExtension(value: string): string {
  return value.replace(/[\\=]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}
