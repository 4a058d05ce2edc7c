import { Injectable } from '@nestjs/common';
import { ProposeAct, ProposeActHandler, PROPOSAL_SECONDS } from '#libs/compliance';
import type { ProposedAct } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { composeNotice } from '#libs/mail';
import { Clock, plusSeconds } from '#libs/vocabulary';
import type { Instant, MailAddress, Mandate } from '#libs/vocabulary';
import { formatInstant, translate } from '#libs/web-ui';
import type { SignedIn } from '../door/route-roles.ts';
import { ConsoleSettings } from '../settings.ts';
import type { OfficersNotices } from '../settings.ts';
import { ACT_WORDS } from './act-words.ts';

/** Asks for what takes two persons, and writes to the officers that something waits. */
@Injectable()
export class ActsForTwo {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
  ) {}

  /** The mails are on their way when this resolves, and what becomes of them stops nothing. @throws EventStoreUnavailable */
  async propose(asker: SignedIn, act: ProposedAct, mandate: Mandate): Promise<void> {
    await new ProposeActHandler(this.store, this.clock).execute(new ProposeAct(act, mandate));
    const { notices } = this.settings;
    if (notices === null) return;
    const expiresAt = plusSeconds(this.clock.now(), PROPOSAL_SECONDS);
    for (const to of notices.to.filter((address) => address !== asker.address))
      void this.write(notices, to, act, expiresAt).catch(notices.onFault);
  }

  /** Which kind of act, until when and where: never about whom, nor for which case. */
  private async write(notices: OfficersNotices, to: MailAddress, { act }: ProposedAct, until: Instant): Promise<void> {
    const { relay, from, organisation, locale, publicUrl } = notices;
    const { timeZone } = this.settings;
    const link = new URL('/console/proposals', publicUrl).href;
    const text = [
      translate(locale, 'console.notice.asked', { act: translate(locale, ACT_WORDS[act]) }),
      translate(locale, 'console.notice.until', { until: formatInstant(locale, until, 'stamp', timeZone), link }),
      translate(locale, 'console.notice.whom'),
    ].join('\n\n');
    const subject = translate(locale, 'console.notice.subject', { organisation });
    const content = await composeNotice({ from, organisation, to, subject, text, writtenAt: this.clock.now() });
    await relay.send({ mailFrom: from, rcptTo: to, content, kind: 'report' });
  }
}
