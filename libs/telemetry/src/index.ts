export { clientOf } from './client.ts';

export { Telemetry, type TelemetryEvent, telemetryEvents } from './telemetry.ts';
export { DEFAULT_PRIVACY } from './privacy/privacy-budget.ts';
export { readTelemetry, telemetryCounts, type TelemetryRow } from './read-model.ts';
export { Metrics } from './metrics.ts';
export { TimedEventStore } from './timed-event-store.ts';
