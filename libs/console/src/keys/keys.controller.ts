import { Controller, Get, Render } from '@nestjs/common';
import { readKeyHistory } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock, secondsBetween } from '#libs/vocabulary';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';

const SECONDS_PER_DAY = 86_400;
const ORIGINS = { made: 'console.keys.made', rotated: 'console.keys.rotated', found: 'console.keys.found' } as const;

/** Which keys the organisation has, on whichever machine they are: what the record says of them, and no key. */
@Controller('console/keys')
export class KeysController {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Render('console/keys/keys')
  @ForRole('operator')
  async all(@WhoAsks() asker: SignedIn) {
    const now = this.clock.now();
    const keys = (await readKeyHistory(this.store)).map(({ keyId, from, origin, by, isCurrent, destroyed }) => ({
      ...{ keyId, from, isCurrent, origin: ORIGINS[origin], by: by ?? '' },
      days: Math.max(0, Math.floor(secondsBetween(from, now) / SECONDS_PER_DAY)),
      isDestroyed: destroyed !== null,
      destroyedAt: destroyed?.at ?? '',
      destroyedBy: destroyed?.by ?? '',
    }));
    return { ...consolePage(asker, '/console/keys'), keys };
  }
}
