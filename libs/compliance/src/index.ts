export { keyEvents } from './keys/key-events.ts';
export { recordKeyAct, recordKeysFound } from './keys/record-keys.ts';
