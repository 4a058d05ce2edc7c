import { DomainError, newEventId, secondsBetween } from '#libs/vocabulary';
import type { DomainEvent, Fold } from './domain-event.ts';
import { presentShape } from './event-catalogue.ts';
import { RevisionConflict } from './event-store.ts';
import type { EventStore, ExpectedRevision, RecordedEvent, StreamName } from './event-store.ts';
import { isContentRemoved } from './record-leaf.ts';

/** What a stream came to when it was read, and where it ended then. */
export interface ReadState<State> {
  readonly state: State;
  readonly revision: ExpectedRevision;
}

export interface DecideOptions<State = unknown> {
  /** How often to read and decide again after a conflict. Default 20: a hundred callers at once on one stream all come through. */
  readonly maxAttempts?: number;
  /**
   * The stream is thought to be new: the first decision is made on the initial state, without reading. Where it is not new that append
   * conflicts, or the decision is that nothing happens, and then it is read as ever. Default false.
   */
  readonly isLikelyNew?: boolean;
  /** What was read a moment ago: the first decision is made on it, as with `isLikelyNew`. Default: it is read now. */
  readonly lastRead?: ReadState<State>;
}

export interface AppendFactsOptions extends Pick<DecideOptions, 'maxAttempts'> {
  /** Where the stream ends, as far as the caller knows: right, it spares a way to the store and back. Default: where the last facts here left it. */
  readonly likelyRevision?: ExpectedRevision;
}

export interface Decided<State, Event extends DomainEvent> {
  /** What was appended, ids included; empty when the decision was that nothing happened. */
  readonly events: readonly Event[];
  /** The state after those events. */
  readonly state: State;
  /** Revision of the stream after them. */
  readonly revision: ExpectedRevision;
}

/** Someone else kept winning: the caller may try later. */
export class TooMuchContention extends DomainError {
  constructor(stream: StreamName) {
    super('too-much-contention', `stream ${stream} changed under every attempt`);
  }
}

const MAX_PAUSE_MS = 512;
/** 200 events of a stream cost some milliseconds: up to here all are read, whatever a fold forgets. */
const SHORT_STREAM_EVENTS = 200;

/**
 * The state of a stream as its events stand now, and the revision to append at.
 * @throws UnknownEventVersion for an event that a later release wrote; what EventStore.readStream throws
 */
export async function readState<State, Event extends DomainEvent>(
  store: EventStore,
  stream: StreamName,
  fold: Fold<State, Event>,
): Promise<ReadState<State>> {
  const { forgetsAfterSeconds, isDecidedByItsEnds = false } = fold;
  let state = fold.initialState();
  let revision: ExpectedRevision = 'NONE';
  for await (const event of store.readStream(stream)) {
    if (forgetsAfterSeconds !== undefined && event.revision === SHORT_STREAM_EVENTS)
      return readYoung(store, stream, fold, forgetsAfterSeconds);
    if (isDecidedByItsEnds && event.revision === SHORT_STREAM_EVENTS) return readEnd(store, stream, fold, state);
    state = evolved(fold, state, event);
    revision = event.revision;
  }
  return { state, revision };
}

function newStream<State, Event extends DomainEvent>(fold: Fold<State, Event>): ReadState<State> {
  return { state: fold.initialState(), revision: 'NONE' };
}

/** From the end of a long stream: as many events as are young enough, and SHORT_STREAM_EVENTS at the least, whatever clocks say. */
async function readYoung<State, Event extends DomainEvent>(
  store: EventStore,
  stream: StreamName,
  fold: Fold<State, Event>,
  forgetsAfterSeconds: number,
): Promise<ReadState<State>> {
  const last = (await store.lastRevision(stream)) ?? 0;
  for (let count = SHORT_STREAM_EVENTS; ; count *= 4) {
    const fromRevision = Math.max(0, last - count + 1);
    const events = await Array.fromAsync(store.readStream(stream, { fromRevision }));
    const [oldest, newest] = [events[0], events.at(-1)];
    const reachesBack =
      fromRevision === 0 ||
      oldest === undefined ||
      newest === undefined ||
      secondsBetween(oldest.time, newest.time) > forgetsAfterSeconds;
    if (!reachesBack) continue;
    const state = events.reduce((before, event) => evolved(fold, before, event), fold.initialState());
    return { state, revision: newest?.revision ?? 'NONE' };
  }
}

/** On from the state of the first events: what stands between them and the last makes no difference, and is not read. */
async function readEnd<State, Event extends DomainEvent>(
  store: EventStore,
  stream: StreamName,
  fold: Fold<State, Event>,
  begun: State,
): Promise<ReadState<State>> {
  const last = (await store.lastRevision(stream)) ?? 0;
  let state = begun;
  let revision: ExpectedRevision = last;
  const fromRevision = Math.max(SHORT_STREAM_EVENTS, last - SHORT_STREAM_EVENTS + 1);
  for await (const event of store.readStream(stream, { fromRevision })) {
    state = evolved(fold, state, event);
    revision = event.revision;
  }
  return { state, revision };
}

function evolved<State, Event extends DomainEvent>(
  fold: Fold<State, Event>,
  state: State,
  event: RecordedEvent,
): State {
  // Retention leaves alone what decisions rest on: what it took says nothing any more.
  if (isContentRemoved(event)) return fold.contentRemoved?.(state, event) ?? state;
  return fold.evolve(state, presentShape(fold.events, event) as unknown as Event);
}

/**
 * Reads a stream, decides on its state, and appends what was decided at the revision that was read. On a conflict all three
 * are done again, so a decision is always made on the state it is appended to. What `decide` throws goes to the caller and
 * nothing is appended.
 *
 * @throws TooMuchContention after `maxAttempts` conflicts; and what EventStore.append throws, except RevisionConflict
 */
export async function decideAndAppend<State, Event extends DomainEvent>(
  store: EventStore,
  stream: StreamName,
  fold: Fold<State, Event>,
  decide: (state: State) => readonly Event[] | Promise<readonly Event[]>,
  { maxAttempts = 20, isLikelyNew = false, lastRead }: DecideOptions<State> = {},
): Promise<Decided<State, Event>> {
  const guess = lastRead ?? (isLikelyNew ? newStream(fold) : null);
  for (let attempt = 1; ; attempt++) {
    const isGuess = guess !== null && attempt === 1;
    const beganAt = performance.now();
    const { state, revision } = isGuess ? guess : await readState(store, stream, fold);
    const decided = await decide(state);
    if (decided.length === 0 && isGuess) continue;
    if (decided.length === 0) return { events: decided, state, revision };
    // Ids are made here, so that the state returned is the one that a reader of the stream comes to.
    const events = decided.map((event) => (event.id === undefined ? { ...event, id: newEventId() } : event));
    try {
      const appended = await store.append(stream, revision, events);
      return {
        events,
        state: events.reduce((before, event) => fold.evolve(before, event), state),
        revision: appended.revision,
      };
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (attempt >= maxAttempts) throw new TooMuchContention(stream);
      if (!isGuess) await pauseAfter(attempt, performance.now() - beganAt);
    }
  }
}

/**
 * Appends what stands beside whatever happened before, since nothing is decided on it: at the end of the stream, wherever that is now. It
 * costs the same however long the stream is, because nothing of it is read: who is at the wrong revision is told the right one.
 *
 * @throws TooMuchContention after `maxAttempts` conflicts; and what EventStore.append throws, except RevisionConflict
 */
export async function appendFacts<Event extends DomainEvent>(
  store: EventStore,
  stream: StreamName,
  facts: readonly Event[],
  { maxAttempts = 20, likelyRevision }: AppendFactsOptions = {},
): Promise<void> {
  const ends = endsOfFacts(store);
  const events = facts.map((event) => (event.id === undefined ? { ...event, id: newEventId() } : event));
  let expected = likelyRevision ?? ends.get(stream) ?? 'NONE';
  for (let attempt = 1; ; attempt++) {
    const beganAt = performance.now();
    try {
      const { revision } = await store.append(stream, expected, events);
      ends.delete(stream); // the youngest comes last
      ends.set(stream, revision);
      if (ends.size > MAX_ENDS) ends.delete(ends.keys().next().value as StreamName);
      return;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (attempt > maxAttempts) throw new TooMuchContention(stream);
      expected = error.actual;
      if (attempt > 1) await pauseAfter(attempt, performance.now() - beganAt);
    }
  }
}

/** Streams whose end is remembered, for each store: some 100 bytes each. Past them the oldest is forgotten, which costs an append that is refused. */
const MAX_ENDS = 10_000;
/** Where facts were appended last. Right or wrong it decides nothing: it spares the way on which one is told. */
const endsOf = new WeakMap<EventStore, Map<StreamName, number>>();

function endsOfFacts(store: EventStore): Map<StreamName, number> {
  let ends = endsOf.get(store);
  if (ends === undefined) endsOf.set(store, (ends = new Map()));
  return ends;
}

/**
 * Full jitter: callers that collided do not collide again in step. One of them wins each round, so a hundred take a hundred rounds, and
 * twenty attempts must span them: however slow the disk is, since the longer an attempt took, the longer is the pause behind it.
 */
function pauseAfter(attempt: number, attemptMs: number): Promise<void> {
  const longestMs = Math.max(Math.min(2 ** attempt, MAX_PAUSE_MS), attempt * Math.min(attemptMs, MAX_PAUSE_MS));
  return new Promise((resume) => setTimeout(resume, Math.random() * longestMs));
}
