import type { Finding, VerifyReport } from '#libs/audit';
import { translate } from '#libs/web-ui';
import type { Locale, TextKey } from '#libs/web-ui';

/** As many as a person reads; the command names up to 100. */
export const SHOWN_FINDINGS = 20;

/** What a verification found, in words. */
export function shownReport(
  { isProven, findings, provenEvents, unprovenEvents, provenTo, exposure }: VerifyReport,
  locale: Locale,
) {
  const exposureText: TextKey | '' =
    exposure === null
      ? ''
      : exposure.wasShown === null
        ? 'console.verify.unclear'
        : exposure.wasShown
          ? 'console.verify.shown'
          : 'console.verify.notShown';
  return {
    ...{ isProven, provenEvents, unprovenEvents, provenTo, exposureText },
    exposedMessage: exposure?.messageId ?? '',
    findings: findings.slice(0, SHOWN_FINDINGS).map((finding) => wordsOf(finding, locale)),
    hasMoreFindings: findings.length > SHOWN_FINDINGS,
    shownFindings: SHOWN_FINDINGS,
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
      return translate(locale, 'console.verify.finding.event', { index: finding.index, kind: finding.kind });
  }
}
