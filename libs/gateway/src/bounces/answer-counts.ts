import type { MessageId } from '#libs/vocabulary';

/** 5 answers of machines to one carrier are sent on: a mailbox has one out-of-office, and some that forward have another. */
const MAX_ANSWERS_OF_ONE = 5;
/** 10,000 messages are counted; the one counted longest ago goes first. */
const MAX_MESSAGES = 10_000;

/** How many answers to each carrier this process has sent on, so that nobody writes to a sender through a bounce address for ever. */
export class AnswerCounts {
  private readonly counts = new Map<MessageId, number>();

  mayHaveAnother(messageId: MessageId): boolean {
    const count = this.counts.get(messageId) ?? 0;
    if (count >= MAX_ANSWERS_OF_ONE) return false;
    this.counts.delete(messageId);
    this.counts.set(messageId, count + 1);
    const [oldest] = this.counts.size > MAX_MESSAGES ? this.counts.keys() : [];
    if (oldest !== undefined) this.counts.delete(oldest);
    return true;
  }
}
