export { DestinationUnreachable } from './destination-unreachable.ts';
export { Egress, MAX_EXCHANGE_MS, type EgressQuestion, type Passage } from './egress.ts';
