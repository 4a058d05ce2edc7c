import type { Finding, VerifyReport } from '#libs/audit';
import { translate } from '#libs/web-ui';
import type { Locale, TextKey } from '#libs/web-ui';
import { labelOf, titleOf } from '../trail/event-words.ts';
import { wordOf } from '../trail/value-words.ts';

type Exposure = NonNullable<VerifyReport['exposure']>;

/** As many as a person reads; the command names up to 100. */
export const SHOWN_FINDINGS = 20;

/** Events of a report that are shown; the command names all. */
const SHOWN_EVENTS = 200;

const DIFFERENCES = {
  altered: 'console.values.difference.altered',
  removed: 'console.values.difference.removed',
  inserted: 'console.values.difference.inserted',
  reordered: 'console.values.difference.reordered',
} as const satisfies Readonly<Record<string, TextKey>>; // TypeScript finds a kind that is missing below

/** What a verification found, in words. */
export function shownReport(report: VerifyReport, locale: Locale) {
  const { isProven, findings, provenEvents, unprovenEvents, provenTo, exposure, withoutContent } = report;
  return {
    ...{ isProven, provenEvents, unprovenEvents, provenTo },
    withoutContent: withoutContent?.events ?? 0,
    unexplained: withoutContent === null ? 0 : withoutContent.events - withoutContent.byRetention,
    exposure: exposure && shownExposure(exposure),
    findings: findings.slice(0, SHOWN_FINDINGS).map((finding) => wordsOf(finding, locale)),
    hasMoreFindings: findings.length > SHOWN_FINDINGS,
    shownFindings: SHOWN_FINDINGS,
  };
}

function shownExposure({ messageId, from, to, events, signIns, isWhole, wasShown }: Exposure) {
  const text: TextKey =
    wasShown === true
      ? 'console.verify.shown'
      : wasShown === false
        ? 'console.verify.notShown'
        : isWhole
          ? 'console.verify.unclear'
          : 'console.verify.notWhole';
  const all = [...events, ...signIns].toSorted((a, b) => a.index - b.index);
  return {
    ...{ text, messageId, from, last: to - 1, isCutOff: wasShown === true && !isWhole },
    events: all.slice(0, SHOWN_EVENTS).map(({ index, time, type, method, disclosed }) => ({
      ...{ index, time, type, title: titleOf(type) },
      said: Object.entries(method === null ? disclosed : { method, ...disclosed }).map(([name, value]) => ({
        name,
        label: labelOf(name) ?? '',
        text: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
        word: typeof value === 'string' ? (wordOf(type, name, value) ?? '') : '',
      })),
    })),
    hasMoreEvents: all.length > SHOWN_EVENTS,
    shownEvents: SHOWN_EVENTS,
  };
}

function wordsOf(finding: Finding, locale: Locale): string {
  switch (finding.kind) {
    case 'truncated':
      return translate(locale, 'console.verify.finding.truncated', { index: finding.atIndex });
    case 'rolled-back':
      return translate(locale, 'console.verify.finding.rolledBack');
    case 'forked':
      return translate(locale, 'console.verify.finding.forked');
    case 'forged-checkpoint':
      return translate(locale, 'console.verify.finding.forgedCheckpoint', { line: finding.line });
    case 'other-log':
      return translate(locale, 'console.verify.finding.otherLog', { line: finding.line });
    case 'hashes-contradict-checkpoint':
      return translate(locale, 'console.verify.finding.hashes');
    case 'not-witnessed':
      return translate(locale, 'console.verify.finding.notWitnessed');
    case 'content-missing':
      return translate(locale, 'console.verify.finding.contentMissing', { count: finding.events });
    case 'not-proven':
      return translate(locale, 'console.verify.finding.notProven', { index: finding.index });
    case 'damaged-line':
      return translate(locale, 'console.verify.finding.damagedLine', { line: finding.line });
    case 'unknown-format':
      return translate(locale, 'console.verify.finding.unknownFormat');
    default:
      return translate(locale, 'console.verify.finding.event', {
        ...{ index: finding.index, kind: finding.kind },
        word: translate(locale, DIFFERENCES[finding.kind]),
      });
  }
}
