/**
 * The arrows of the house: a room may import the rooms listed behind it, by their door, and no others. Each list names what the
 * room uses and nothing else (ops/rooms.spec.ts). Order: from the words up to the street door.
 */
export const rooms = {
  vocabulary: [],
  'event-store': ['vocabulary'],
  egress: ['vocabulary'],
  'ephemeral-store': ['vocabulary'],
  'web-ui': ['vocabulary'],
  telemetry: ['event-store', 'vocabulary'],
  keyring: ['event-store', 'vocabulary'],
  sealing: ['keyring', 'event-store', 'ephemeral-store', 'vocabulary'],
  mail: ['vocabulary', 'web-ui'],
  gateway: ['mail', 'sealing', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary', 'web-ui'],
  passcode: ['mail', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary', 'web-ui', 'telemetry'],
  'oidc-bridge': ['passcode', 'egress', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary', 'web-ui'],
  'recipient-access': [
    'oidc-bridge',
    'mail',
    'sealing',
    'keyring',
    'event-store',
    'ephemeral-store',
    'vocabulary',
    'web-ui',
  ],
  webhooks: ['egress', 'gateway', 'sealing', 'event-store', 'vocabulary'],
  compliance: ['recipient-access', 'mail', 'sealing', 'keyring', 'event-store', 'ephemeral-store', 'vocabulary'],
  audit: [
    'compliance',
    'webhooks',
    'recipient-access',
    'oidc-bridge',
    'gateway',
    'passcode',
    'sealing',
    'egress',
    'keyring',
    'event-store',
    'vocabulary',
    'telemetry',
  ],
  'audit-api': ['audit', 'compliance', 'keyring', 'event-store', 'vocabulary', 'web-ui'],
  console: [
    'audit-api',
    'audit',
    'compliance',
    'recipient-access',
    'oidc-bridge',
    'mail',
    'keyring',
    'event-store',
    'ephemeral-store',
    'vocabulary',
    'web-ui',
    'telemetry',
  ],
  backup: ['audit', 'compliance', 'mail', 'sealing', 'keyring', 'event-store', 'vocabulary'],
  installation: [
    'audit',
    'webhooks',
    'compliance',
    'recipient-access',
    'oidc-bridge',
    'gateway',
    'passcode',
    'mail',
    'sealing',
    'egress',
    'keyring',
    'event-store',
    'ephemeral-store',
    'vocabulary',
    'web-ui',
    'telemetry',
  ],
};

/** What a room's tests and its folder `testing` use beside that. */
export const roomsInTests = { egress: ['mail'], 'oidc-bridge': ['mail'], 'recipient-access': ['egress'] };

/**
 * Where steps lie side by side, each in a folder of its own, and which folders there are words for all of them: a step imports
 * no other step, so that deleting its folder deletes it (ops/rooms.spec.ts). Tests may look at what other steps made.
 */
export const housesOfSteps = {
  'recipient-access/src': [],
  'passcode/src': [],
  'oidc-bridge/src/sign-in': [],
  'sealing/src': ['format'],
  'gateway/src': ['policy', 'seals'],
};
