export { clientOf, type Client } from './client.ts';
export { type Dimension, type Dimensions, DIMENSIONS, handInToPage, type HandInToPage } from './dimensions.ts';
export { MIN_VISITS } from './tally.ts';
export {
  Telemetry,
  type TelemetryEvent,
  type TelemetryOptions,
  telemetryEvents,
  telemetryStream,
} from './telemetry.ts';
export { readTelemetry, telemetryTallies, type TelemetryRow } from './read-model.ts';
export { Metrics, type MetricsSources } from './metrics.ts';
export { TimedEventStore } from './timed-event-store.ts';
