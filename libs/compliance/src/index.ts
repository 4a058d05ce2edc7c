export { EraseSubject, EraseSubjectHandler, type Erasure, type WhomToErase } from './erase-subject/erase-subject.ts';
export { erasedButThere, readErasedSubjects, replayErasures } from './erased-subjects.ts';
export { HoldSubject, HoldSubjectHandler, LiftHold, LiftHoldHandler } from './hold-subject/hold-subject.ts';
export { keyEvents } from './keys/key-events.ts';
export { recordKeyAct, recordKeysFound } from './keys/record-keys.ts';
export { type MessageOfPerson, MessagesOfPerson } from './messages-of-person.ts';
export { proposalEvents } from './second-person/proposal-events.ts';
export { erasureEvents, subjectEvents } from './subject-events.ts';
