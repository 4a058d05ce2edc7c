import { describe, expect, it } from '@jest/globals';
import type { RecordedValues } from '#libs/audit';
import { translate } from '#libs/web-ui';
import { wordOf } from './value-words.ts';

describe('the values of events, in words', () => {
  it('are all that a field can say out of a list, and no free text: what has no words does not compile', () => {
    // Each of these lines is a test that runs in the type checker.
    void ('not-proven' satisfies RecordedValues['ViewDenied']['reason']);
    void ('no-reply' satisfies RecordedValues['MessageSealed']['terms']); // in a list
    void ('csv' satisfies RecordedValues['ActProposed']['form']); // within another field
    void ('client' satisfies RecordedValues['OtpIssued']['budget']); // in one of two shapes
    // @ts-expect-error not in the list
    void ('bored' satisfies RecordedValues['ViewDenied']['reason']);
    // @ts-expect-error an officer’s own words
    void ('' as RecordedValues['MessageRevoked']);
    // @ts-expect-error bookkeeping, which nobody is shown
    void ('' as RecordedValues['RelayingBegun']);
    // @ts-expect-error an id
    void ('' as RecordedValues['ViewDenied']['messageId']);
  });

  it.each([
    ['ViewDenied', 'reason', 'not-proven', 'Address not proven', 'Adressen ikke bevist'],
    ['OtpRejected', 'reason', 'expired', 'Code expired', 'Koden er udløbet'],
    ['CarrierRefused', 'reason', 'expired', 'Put off by the next mail server until time ran out', null],
    ['MessageSealed', 'terms', 'no-download', 'no saving, no printing', null],
    ['MessageViewed', 'method', 'google', 'Google account', 'Google-konto'],
    ['ContentRemovalBegun', 'types', 'MessageViewed', 'Message shown', 'Besked vist'],
    ['AuditorSignedIn', 'roles', 'officer', 'officer', 'ansvarlig'],
    ['AuditTrailQueried', 'fields', 'recipient', 'Recipient', 'Modtager'],
    ['AuditTrailQueried', 'fields', 'exposure', 'Exposure report', 'Eksponeringsrapport'],
    ['ActProposed', 'evidence', 'content-shown', 'the content was shown', 'indholdet blev vist'],
  ] as const)('%s says %s=%s as “%s”', (type, field, value, english, danish) => {
    const word = wordOf(type, field, value);
    if (word === null) throw new Error('has no word');
    expect(translate('en', word)).toBe(english);
    if (danish !== null) expect(translate('da', word)).toBe(danish);
  });

  it.each([
    ['what an officer wrote', 'MessageRevoked', 'reason', 'policy'],
    ['who did it', 'HoldPlaced', 'by', 'policy'],
    ['what a later release wrote', 'ViewDenied', 'reason', 'moon-phase'],
    ['another way of proving', 'MessageViewed', 'method', 'smart-card'],
    ['a name of Object’s own', 'ViewDenied', 'reason', 'constructor'],
    ['an event of that name', 'constructor', 'reason', 'revoked'],
  ])('%s stands for itself', (_, type, field, value) => expect(wordOf(type, field, value)).toBeNull());
});
