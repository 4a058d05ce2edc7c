import type { ProposedAct } from '#libs/compliance';
import type { TextKey } from '#libs/web-ui';

export const ACT_WORDS = {
  revoke: 'console.proposals.acts.revoke',
  erase: 'console.proposals.acts.erase',
  'lift-hold': 'console.proposals.acts.liftHold',
  export: 'console.proposals.acts.export',
} as const satisfies Record<ProposedAct['act'], TextKey>;
