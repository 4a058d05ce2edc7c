import type { RecordedEvent } from '#libs/event-store';

/** `view`: the page; `download`: the whole mail as a file. Each is one MessageViewed. */
export type ShowingForm = 'page' | 'original';

/** One request for content, from when it was sent until its answer had come whole, or nothing more could come. */
export interface Showing {
  readonly messageId: string;
  readonly form: ShowingForm;
  /** Milliseconds of this machine's clock, which is that of the portals too. */
  readonly askedAt: number;
  readonly answeredAt: number;
  /** The answer held what was sealed. */
  readonly isShown: boolean;
}

/** What must be zero, each with what it was found in. */
export interface Reckoning {
  /** Content was answered, and no event of that time says so. */
  readonly shownWithoutRecord: string[];
  /** Sealed messages, and codes, that were acknowledged and are not in the record. */
  readonly lost: string[];
  /** An event twice, a view recorded twice, a request to seal accepted twice, a gap or a repetition in a stream. */
  readonly doubled: string[];
  /** Shown to somebody who asked after the revocation was confirmed; or recorded behind it. */
  readonly shownAfterRevocation: string[];
  /** A request for content that nobody made stands in the record. */
  readonly recordedWithoutRequest: string[];
}

/** What readers and senders were told, to be held against the record when all is over. */
export class FaultTally {
  readonly showings: Showing[] = [];
  /** Challenges whose code was answered with a proof. */
  readonly acceptedChallenges = new Set<string>();
  /** Message ids by the key of the request that sealed them; null while no answer has come. */
  readonly sealed = new Map<string, readonly string[] | null>();
  /** When a revocation was confirmed, by message id. */
  readonly revokedAt = new Map<string, number>();

  /** @throws Error when the same request was answered otherwise before */
  sealingAnswered(key: string, messageIds: readonly string[]): void {
    const before = this.sealed.get(key) ?? messageIds;
    if (before.join() !== messageIds.join())
      throw new Error(`sealed as ${before.join()}, then as ${messageIds.join()}`);
    this.sealed.set(key, messageIds);
  }

  /** @param events the whole record, in its order */
  reckon(events: readonly RecordedEvent[]): Reckoning {
    const reckoning: Reckoning = {
      shownWithoutRecord: [],
      lost: [],
      doubled: [],
      shownAfterRevocation: [],
      recordedWithoutRequest: [],
    };
    this.reckonLog(events, reckoning);
    this.reckonSealings(events, reckoning);
    const accepted = ofType(events, 'OtpAccepted').map(({ data }) => (data as { challengeId: string }).challengeId);
    for (const challenge of this.acceptedChallenges) {
      const times = accepted.filter((each) => each === challenge).length;
      if (times === 0) reckoning.lost.push(`code of ${challenge}`);
      if (times > 1) reckoning.doubled.push(`code of ${challenge}`);
    }
    this.reckonShowings(events, reckoning);
    return reckoning;
  }

  private reckonLog(events: readonly RecordedEvent[], { doubled, shownAfterRevocation }: Reckoning): void {
    const ids = new Set<string>();
    const revisions = new Map<string, number>();
    const revoked = new Set<string>();
    for (const { id, stream, revision, type } of events) {
      if (ids.has(id)) doubled.push(`event ${id}`);
      ids.add(id);
      if (revision !== (revisions.get(stream) ?? -1) + 1) doubled.push(`${stream} at ${revision}`);
      revisions.set(stream, revision);
      if (type === 'MessageRevoked') revoked.add(stream);
      if (type === 'MessageViewed' && revoked.has(stream)) shownAfterRevocation.push(`${stream} in the record`);
    }
    for (const { messageId, askedAt, isShown } of this.showings) {
      if (isShown && askedAt >= (this.revokedAt.get(messageId) ?? Infinity)) shownAfterRevocation.push(messageId);
    }
  }

  private reckonSealings(events: readonly RecordedEvent[], { lost, doubled }: Reckoning): void {
    const sealings = countsOf(ofType(events, 'MessageSealed').map(({ stream }) => stream));
    const acceptances = countsOf(
      ofType(events, 'SubmissionAccepted').flatMap(({ data }) =>
        (data as { messages: { messageId: string }[] }).messages.map(({ messageId }) => messageId),
      ),
    );
    for (const messageId of [...this.sealed.values()].flatMap((messageIds) => messageIds ?? [])) {
      for (const times of [sealings.get(`message-${messageId}`) ?? 0, acceptances.get(messageId) ?? 0]) {
        if (times === 0) lost.push(`sealed ${messageId}`);
        if (times > 1) doubled.push(`sealed ${messageId}`);
      }
    }
    for (const messageId of this.revokedAt.keys()) {
      const times = ofType(events, 'MessageRevoked').filter(({ stream }) => stream === `message-${messageId}`).length;
      if (times === 0) lost.push(`revocation of ${messageId}`);
      if (times > 1) doubled.push(`revocation of ${messageId}`);
    }
  }

  /** A view is made at a time between its request and its answer: so each event belongs to one request, and each answer to one event. */
  private reckonShowings(events: readonly RecordedEvent[], reckoning: Reckoning): void {
    const byPlace = Map.groupBy(this.showings, ({ messageId, form }) => `${messageId} ${form}`);
    const viewed = Map.groupBy(ofType(events, 'MessageViewed'), ({ stream, data }) => {
      return `${stream.slice('message-'.length)} ${(data as { form: string }).form}`;
    });
    for (const [place, showings] of byPlace) {
      const times = (viewed.get(place) ?? []).map(({ data }) => Date.parse((data as { viewedAt: string }).viewedAt));
      times.sort((one, other) => one - other);
      const take = ({ askedAt, answeredAt }: Showing): boolean => {
        const at = times.findIndex((time) => askedAt <= time && time <= answeredAt);
        if (at >= 0) times.splice(at, 1);
        return at >= 0;
      };
      const inOrder = showings.toSorted((one, other) => one.answeredAt - other.answeredAt);
      for (const shown of inOrder.filter(({ isShown }) => isShown)) {
        if (!take(shown)) reckoning.shownWithoutRecord.push(place);
      }
      // A reader who was told that it did not work may have been recorded: once, since the portal could not know.
      const unshown = inOrder.filter(({ isShown }) => !isShown);
      unshown.forEach(take);
      for (const time of times) {
        const isOfARequest = showings.some(({ askedAt, answeredAt }) => askedAt <= time && time <= answeredAt);
        reckoning[isOfARequest ? 'doubled' : 'recordedWithoutRequest'].push(`${place} at ${time}`);
      }
    }
  }
}

function ofType(events: readonly RecordedEvent[], type: string): RecordedEvent[] {
  return events.filter((event) => event.type === type);
}

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
