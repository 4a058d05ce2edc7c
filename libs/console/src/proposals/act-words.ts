import type { ProposedAct } from '#libs/compliance';
import type { TextKey } from '#libs/web-ui';

export const ACT_WORDS = {
  revoke: 'console.values.act.revoke',
  erase: 'console.values.act.erase',
  'lift-hold': 'console.values.act.lift-hold',
  export: 'console.values.act.export',
} as const satisfies Record<ProposedAct['act'], TextKey>;
