export { clientOf } from './client.ts';

export { Telemetry, type TelemetryEvent, telemetryEvents } from './telemetry.ts';
export { readTelemetry, telemetryTallies } from './read-model.ts';
export { Metrics } from './metrics.ts';
export { TimedEventStore } from './timed-event-store.ts';
