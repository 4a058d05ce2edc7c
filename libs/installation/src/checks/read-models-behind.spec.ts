import { describe, expect, it } from '@jest/globals';
import type { CheckedParts } from './check.ts';
import { CHECK_OF_LAG } from './read-models-behind.ts';

const asked = (...status: object[]) =>
  CHECK_OF_LAG.run({ projections: () => Promise.resolve({ status: () => status }) } as unknown as CheckedParts);

describe('read models behind the record', () => {
  const well = { name: 'audit-trail', lagSeconds: 300, stop: null };
  const stop = { why: 'event-refused', position: '4711', eventId: null, eventType: null };

  it('are none of note while the oldest event that waits is of the last five minutes', async () => {
    expect(await asked(well, { ...well, name: 'telemetry' })).toBe('none');
    expect(await CHECK_OF_LAG.run({ projections: () => Promise.resolve(null) } as unknown as CheckedParts)).toBe(
      'none',
    );
  });

  it('are said by how much, and where one stands still', async () => {
    await expect(asked({ ...well, lagSeconds: 412.4 }, { ...well, name: 'telemetry', stop })).rejects.toThrow(
      'audit-trail is 412 s behind the record; telemetry stands still at position 4711 (event-refused)',
    );
  });

  it('are a warning at /readyz, told to whoever asks there: readers need none of them', () => {
    expect(CHECK_OF_LAG).toMatchObject({ askers: ['readiness'], onlyWarns: true });
    expect(CHECK_OF_LAG.isTold({} as never)).toBe(true);
  });
});
