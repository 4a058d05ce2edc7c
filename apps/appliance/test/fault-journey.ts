import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { simpleParser } from 'mailparser';
import type { SunkMail } from '#libs/mail/testing';
import type { FaultTally, ShowingForm } from './fault-tally.ts';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import type { SeveralProcesses } from './several-processes.ts';

/** The main job, and the end of it. */
export const STEPS = ['seal', 'hand in', 'ask for a code', 'enter the code', 'view', 'download', 'revoke'] as const;
export type Step = (typeof STEPS)[number];

const SECRET = '412,500';
/** A mail is on its way for as long as a dead gateway's is taken over, or a code of a portal that was killed never comes. */
const CARRIER_SECONDS = 180;
const CODE_SECONDS = 10;

/** It did not work, and the answer said so, or there was none: the same may be tried again. */
export class StepFailed extends Error {}

/** One message and its one reader, on the way from seal to revocation. Each step may be taken again when it failed. */
export class FaultJourney {
  readonly address = `reader-${randomUUID()}@example.com`;
  /** The longest that any answer was waited for. */
  longestAnswerMs = 0;
  private readonly key = randomUUID();
  private reader: HttpReader;
  private field = '';
  private location = '';
  private asked = '';
  private mailsBefore = 0;
  /** Where the browser stands after a code was accepted: what its reload asks for. */
  private stuckAt = '';
  private confirm: Answer | null = null;
  private wasRevokingTried = false;

  /** @param revoke resolves once a revocation is confirmed */
  constructor(
    private readonly all: SeveralProcesses,
    private readonly tally: FaultTally,
    private readonly revoke: (messageId: string) => Promise<void>,
  ) {
    this.reader = new HttpReader(all.url);
  }

  get messageId(): string {
    return this.location.slice('/m/'.length);
  }

  /** Another browser, with nothing but the attachment. */
  takeAnotherBrowser(): void {
    this.reader = new HttpReader(this.all.url);
  }

  /** @throws StepFailed and whatever `fetch` throws */
  async take(step: Step): Promise<void> {
    const begun = Date.now();
    try {
      await this.takeStep(step);
    } catch (error) {
      throw error instanceof StepFailed ? error : new StepFailed(`${step}: ${String(error)}`, { cause: error });
    } finally {
      this.longestAnswerMs = Math.max(this.longestAnswerMs, Date.now() - begun);
    }
  }

  private takeStep(step: Step): Promise<void> {
    switch (step) {
      case 'seal':
        return this.seal();
      case 'hand in':
        return this.handIn();
      case 'ask for a code':
        return this.askForACode();
      case 'enter the code':
        return this.enterTheCode();
      case 'view':
        return this.beShown('page');
      case 'download':
        return this.beShown('original');
      case 'revoke':
        return this.beRevoked();
    }
  }

  private async seal(): Promise<void> {
    if (!this.tally.sealed.has(this.key)) this.tally.sealed.set(this.key, null);
    const answer = await fetch(
      new URL(`/api/v1/messages?from=mette@nordlys.example&to=${this.address}&deliver=true`, this.all.url),
      {
        method: 'POST',
        headers: {
          authorization: await this.all.program.authorization(this.all.url),
          'content-type': 'message/rfc822',
          'idempotency-key': this.key,
        },
        body: `From: mette@nordlys.example\r\nTo: ${this.address}\r\nSubject: The offer\r\n\r\nWe offer ${SECRET}.\r\n`,
      },
    );
    if (answer.status !== 201) throw failed('seal', answer.status, await answer.text());
    const { messages } = (await answer.json()) as { messages: { messageId: string }[] };
    this.tally.sealingAnswered(
      this.key,
      messages.map(({ messageId }) => messageId),
    );
  }

  private async handIn(): Promise<void> {
    if (this.field === '') {
      const carrier = await this.mail(0, CARRIER_SECONDS, async (mail) => {
        const [attachment] = (await simpleParser(mail.content)).attachments;
        return attachment === undefined ? null : carrierFieldOf(attachment.content.toString());
      });
      if (carrier === null) throw new StepFailed('the carrier never came');
      this.field = carrier;
    }
    const answer = await this.reader.handIn(this.field);
    if (!answer.location.startsWith('/m/')) throw failed('hand in', answer.status, answer.body);
    this.location = answer.location;
  }

  private async askForACode(): Promise<void> {
    this.mailsBefore = this.all.mails.length;
    const answer = await this.reader.asksForACode(this.location);
    if (!answer.location.includes('/prove/code/')) throw failed('ask for a code', answer.status, answer.body);
    this.asked = answer.location;
    this.stuckAt = '';
  }

  private async enterTheCode(): Promise<void> {
    if (this.stuckAt !== '') {
      const reloaded = await this.reader.follow(await this.reader.get(this.stuckAt));
      if (isConfirm(reloaded, this.location)) return;
      if (reloaded.status >= 500) throw failed('enter the code', reloaded.status, reloaded.body);
      this.stuckAt = '';
    }
    const code = await this.mail(this.mailsBefore, CODE_SECONDS, async (mail) => {
      return /\b(\d{4} \d{4})\b/.exec((await simpleParser(mail.content)).text ?? '')?.[1] ?? null;
    });
    if (code === null) {
      await this.askForACode(); // as a reader who waits in vain does
      throw new StepFailed('the code never came');
    }
    const page = await this.reader.get(this.asked);
    const answer = await this.reader.submit(page, this.asked, { code });
    if (!answer.location.includes('proof=')) throw failed('enter the code', answer.status, answer.body);
    this.tally.acceptedChallenges.add(new URL(this.asked, this.all.url).pathname.slice('/prove/code/'.length));
    this.stuckAt = new URL(answer.location, answer.at).href;
    const confirm = await this.reader.follow(answer);
    this.stuckAt = confirm.at;
    if (!isConfirm(confirm, this.location)) throw failed('enter the code', confirm.status, confirm.body);
  }

  private async beShown(form: ShowingForm): Promise<void> {
    const confirm = await this.reader.get(this.location);
    if (!isConfirm(confirm, this.location)) throw failed(`before ${form}`, confirm.status, confirm.body);
    this.confirm = confirm;
    const answer = await this.ask(confirm, form);
    if (!isShown(answer)) throw failed(form, answer.status, answer.body);
  }

  /** Asked for without pause while it is revoked, and after: by the same browser, which proved who it is. */
  private async beRevoked(): Promise<void> {
    const page = await this.reader.get(this.location);
    // Once it was tried it may have been done, whatever was said of it: then there is no such page, and the last one must do.
    if (!isConfirm(page, this.location) && !this.wasRevokingTried) throw failed('revoke', page.status, page.body);
    const confirm = isConfirm(page, this.location) ? page : this.confirm;
    if (confirm === null) throw new StepFailed('revoke: nothing was seen before it');
    this.wasRevokingTried = true;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) await this.ask(confirm, 'page').then(undefined, () => sleep(20));
    })();
    try {
      await this.revoke(this.messageId);
      if (!this.tally.revokedAt.has(this.messageId)) this.tally.revokedAt.set(this.messageId, Date.now() + 1);
      await sleep(2); // so that whatever is asked from here on is later by this clock
      for (const form of ['page', 'original', 'page'] as const) await this.ask(confirm, form).catch(() => null);
    } finally {
      isOver = true;
      await asking;
    }
  }

  /** Every request for content goes through here, and is told to the tally, however it ends. */
  private async ask(confirm: Answer, form: ShowingForm): Promise<Answer> {
    const { messageId } = this;
    const askedAt = Date.now();
    let shown = false;
    try {
      const answer = await this.reader.submit(confirm, `${this.location}/${form === 'page' ? 'view' : 'original'}`);
      shown = isShown(answer);
      return answer;
    } finally {
      this.tally.showings.push({ messageId, form, askedAt, answeredAt: Date.now(), isShown: shown });
    }
  }

  private async mail<Found>(
    from: number,
    seconds: number,
    find: (mail: SunkMail) => Promise<Found | null>,
  ): Promise<Found | null> {
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(30)) {
      const mails = this.all.mails.slice(from).filter(({ rcptTo }) => rcptTo.includes(this.address));
      for (const mail of mails.reverse()) {
        const found = await find(mail);
        if (found !== null) return found;
      }
    }
    return null;
  }
}

function isShown({ status, body }: Answer): boolean {
  return status === 200 && body.includes(SECRET);
}

function isConfirm({ status, body }: Answer, location: string): boolean {
  return status === 200 && body.includes(`action="${location}/view"`);
}

function failed(step: string, status: number, body: string): StepFailed {
  const words = /<h1[^>]*>([^<]*)/.exec(body)?.[1]?.trim() ?? body.slice(0, 200);
  return new StepFailed(`${step}: ${status} ${words}`);
}
