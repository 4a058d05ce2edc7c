import { Controller, Get, Render } from '@nestjs/common';
import { instantOf } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { TextKey } from '../locales/translate.ts';

/** What changed on the page and when (UTC days), newest first. A change of what it promises adds a line here. */
export const PRIVACY_CHANGES: readonly { readonly changedOn: string; readonly text: TextKey }[] = [
  { changedOn: '2026-11-30', text: 'privacy.changes.noise' },
  { changedOn: '2026-11-30', text: 'privacy.changes.senderName' },
  { changedOn: '2026-11-23', text: 'privacy.changes.accounts' },
  { changedOn: '2026-11-22', text: 'privacy.changes.first' },
];

/** The privacy page, in our own words; who is responsible comes from the configuration. */
@Controller('privacy')
export class PrivacyController {
  @Get()
  @Render('web-ui/privacy/privacy-page')
  page(): object {
    const [latest] = PRIVACY_CHANGES;
    const updatedOn = latest?.changedOn ?? '';
    const changes = PRIVACY_CHANGES.map((change) => ({ ...change, changedAt: noonOf(change.changedOn) }));
    return { updatedOn, updatedAt: noonOf(updatedOn), changes };
  }
}

/** Noon: the same day in every zone of Europe and the Americas. */
function noonOf(day: string): Instant {
  return instantOf(`${day}T12:00:00.000Z`);
}
