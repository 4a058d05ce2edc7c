import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { eventCatalogue } from '#libs/audit';
import { frozenEvents } from '#libs/audit/testing';
import { cefLine } from './cef.ts';
import { feedEvent } from './feed-event.ts';
import type { FeedEvent } from './feed-event.ts';
import { OCSF_VERSION, ocsfEvent } from './ocsf.ts';

const schema = JSON.parse(
  readFileSync(new URL('./testing/vectors/ocsf-1.8.0/schema.json', import.meta.url), 'utf8'),
) as {
  $id: string;
};
const ajv = new Ajv2020({ schemas: [schema], strict: false, allErrors: true });
const CLASSES: Readonly<Record<number, string>> = {
  3002: 'authentication',
  6001: 'web_resources_activity',
  3004: 'entity_management',
};
const validate = (event: Readonly<Record<string, unknown>>) => {
  const name = CLASSES[event['class_uid'] as number] ?? 'none';
  const isValid = ajv.getSchema(`${schema.$id}#/$defs/${name}`);
  return isValid === undefined ? ['no such class'] : isValid(event) ? [] : (isValid.errors ?? []);
};

const events = frozenEvents().map(feedEvent);
const unknown: FeedEvent = {
  ...(events[0] as FeedEvent),
  ...{ type: 'Of a later release', isDescribed: false, evidence: null, outcome: null },
  ...{ messageIds: [], persons: [], facts: {}, data: {} },
};

describe('an event as other systems are given it', () => {
  it('holds no personal data, neither in clear nor encrypted', () => {
    for (const event of frozenEvents()) {
      const text = JSON.stringify(feedEvent(event));
      for (const { field } of eventCatalogue.describe(event).encrypted) {
        expect(text).not.toContain(String((event.data as Record<string, unknown>)[field]));
      }
      expect(text).not.toMatch(/"A[A-Za-z0-9_-]{80,}"/);
    }
  });

  it('says of one that a later release wrote no more than its header', () => {
    const [event] = frozenEvents().filter(({ type }) => type === 'MessageViewed');
    const later = feedEvent({ ...(event as NonNullable<typeof event>), version: 9 });
    expect(later).toMatchObject({ type: 'MessageViewed', version: 9, isDescribed: false, data: {}, persons: [] });
  });
});

describe('OCSF', () => {
  it('is what its own schema says, for every event that there is', () => {
    expect(OCSF_VERSION).toBe('1.8.0');
    for (const event of [...events, unknown]) {
      expect({ type: event.type, errors: validate(ocsfEvent(event, '1.2.3')) }).toEqual({
        type: event.type,
        errors: [],
      });
    }
  });

  it('is refused by that schema when it is not', () => {
    const good = ocsfEvent(events.find(({ type }) => type === 'RecipientAuthenticated') as FeedEvent, '1.2.3');
    expect(validate({ ...good, severity_id: 17 })).not.toEqual([]);
    expect(validate({ ...good, whatever: 1 })).not.toEqual([]);
    expect(validate({ ...good, metadata: {} })).not.toEqual([]);
  });

  it.each([
    ['MessageSealed', 600101, 1],
    ['MessageViewed', 600102, 1],
    ['AttachmentDownloaded', 600107, 1],
    ['ViewDenied', 600102, 2],
    ['RecipientAuthenticated', 300201, 1],
    ['AuthenticationFailed', 300201, 2],
    ['MessageRevoked', 300409, 1],
    ['AuditTrailQueried', 600105, 1],
  ])('%s is %d with status %d', (type, type_uid, status_id) => {
    const event = events.find((one) => one.type === type) as FeedEvent;
    expect(ocsfEvent(event, '1.2.3')).toMatchObject({
      type_uid,
      status_id,
      metadata: { version: '1.8.0', event_code: type },
    });
  });
});

describe('CEF', () => {
  it('is one line for each event, with seven fields before the extension', () => {
    for (const event of [...events, unknown]) {
      const line = cefLine(event, '1.2.3');
      expect(line).not.toMatch(/[\r\n]/);
      expect(line.split(/(?<!\\)\|/)).toHaveLength(8);
      expect(line).toMatch(/^CEF:0\|Segl\|Segl\|1\.2\.3\|/);
      expect(line).toContain(`externalId=${event.eventId}`);
    }
  });

  it('lets no value end its field', () => {
    const facts = { reason: 'a=b|c\\d\nsuid=nobody' };
    const line = cefLine({ ...(events[0] as FeedEvent), type: 'A|B\\C', facts }, '1.2.3');
    expect(line).toContain('|A\\|B\\\\C|');
    expect(line).toContain('reason=a\\=b|c\\\\d\\nsuid\\=nobody ');
  });
});
