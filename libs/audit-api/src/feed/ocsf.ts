import type { Evidence } from '#libs/event-store';
import type { FeedEvent } from './feed-event.ts';

/** Of the Open Cybersecurity Schema Framework. Another version is another form of the feed. */
export const OCSF_VERSION = '1.8.0';

interface Activity {
  readonly activity_id: number;
  readonly activity_name: string;
}
type OcsfClass = 'authentication' | 'web-resources' | 'entity-management';

const CLASSES = {
  authentication: {
    class_uid: 3002,
    class_name: 'Authentication',
    category_uid: 3,
    category_name: 'Identity & Access Management',
  },
  'web-resources': {
    class_uid: 6001,
    class_name: 'Web Resources Activity',
    category_uid: 6,
    category_name: 'Application Activity',
  },
  'entity-management': {
    class_uid: 3004,
    class_name: 'Entity Management',
    category_uid: 3,
    category_name: 'Identity & Access Management',
  },
} as const;

const OTHER = 99;
/** By how strong an event is as evidence, so that an event that is new has its place as well. */
const BY_EVIDENCE: Readonly<Record<Evidence, readonly [OcsfClass, number, string]>> = {
  statistics: ['entity-management', OTHER, 'Counted'],
  bookkeeping: ['entity-management', OTHER, 'Kept'],
  administrative: ['entity-management', OTHER, 'Decided'],
  'message-sealed': ['web-resources', 1, 'Create'],
  'carrier-received': ['web-resources', 6, 'Import'],
  'access-refused': ['web-resources', 2, 'Read'],
  'proof-failed': ['authentication', 1, 'Logon'],
  'challenge-made': ['authentication', OTHER, 'Code made'],
  'challenge-sent': ['authentication', OTHER, 'Code sent'],
  'identity-proven': ['authentication', 1, 'Logon'],
  'content-shown': ['web-resources', 2, 'Read'],
  'file-downloaded': ['web-resources', 7, 'Export'],
};
/** Where the class knows more than the evidence says. */
const BY_TYPE: Readonly<Record<string, readonly [OcsfClass, number, string]>> = {
  AuditTrailQueried: ['web-resources', 5, 'Search'],
  AuditTrailExported: ['web-resources', 7, 'Export'],
  AuditAccessRefused: ['web-resources', 2, 'Read'],
  AuditorSignedIn: ['authentication', 1, 'Logon'],
  MessageRevoked: ['entity-management', 9, 'Disable'],
};

const STATUS = {
  done: { status_id: 1, status: 'Success' },
  refused: { status_id: 2, status: 'Failure' },
  failed: { status_id: 2, status: 'Failure' },
} as const;

/** The event as OCSF: Authentication [3002], Web Resources Activity [6001] or Entity Management [3004]. */
export function ocsfEvent(event: FeedEvent, release: string): Readonly<Record<string, unknown>> {
  const { type, outcome, facts, messageIds } = event;
  const [name, activity] = activityOf(event);
  const { class_uid, ...of } = CLASSES[name];
  const correlation = facts.signInId ?? facts.challengeId ?? messageIds[0];
  return {
    ...{ class_uid, ...of, ...activity, type_uid: class_uid * 100 + activity.activity_id },
    ...{ severity_id: 1, severity: 'Informational', time: Date.parse(event.time), message: type },
    ...STATUS[outcome as keyof typeof STATUS],
    ...(facts.reason !== undefined && { status_detail: facts.reason }),
    metadata: {
      ...{ version: OCSF_VERSION, product: { name: 'Segl', vendor_name: 'Segl', version: release } },
      ...{ uid: event.eventId, event_code: type, log_name: event.stream, original_time: event.time },
      ...(correlation !== undefined && { correlation_uid: correlation }),
    },
    ...subjectOf(name, event),
    unmapped: unmapped(event),
  };
}

function activityOf({ type, evidence }: FeedEvent): [OcsfClass, Activity] {
  const known = BY_TYPE[type] ?? BY_EVIDENCE[(evidence ?? 'administrative') as Evidence];
  const [name, activity_id, activity_name] = known ?? ['entity-management', OTHER, 'Recorded'];
  return [name, { activity_id, activity_name }];
}

/** Who or what it is about, as each class wants it. */
function subjectOf(name: OcsfClass, { persons, messageIds, stream, facts }: FeedEvent): object {
  const user = { uid: persons[0]?.personId ?? 'unknown', type_id: OTHER, type: persons[0]?.part ?? 'nobody known' };
  switch (name) {
    case 'authentication':
      return {
        user,
        service: { name: 'Segl' },
        ...(facts.method !== undefined && { auth_protocol: facts.method, auth_protocol_id: OTHER }),
      };
    case 'web-resources': {
      const sealed = messageIds.map((uid) => ({ uid, type: 'sealed message' }));
      return { web_resources: sealed.length > 0 ? sealed : [{ uid: stream, name: 'audit trail', type: 'record' }] };
    }
    case 'entity-management':
      return { entity: { uid: messageIds[0] ?? stream, type: messageIds.length > 0 ? 'sealed message' : 'record' } };
  }
}

/** What the class has no place for. */
function unmapped({
  after,
  evidence,
  outcome,
  revision,
  version,
  persons,
  facts,
  data,
  isDescribed,
}: FeedEvent): object {
  return { after, evidence, outcome, revision, version, persons, facts, data, isDescribed };
}
