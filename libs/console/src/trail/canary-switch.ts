import type { TextKey } from '#libs/web-ui';

/** Whether lists show what is recorded of mails that the installation sends to itself, and the way to the other. */
export interface CanarySwitch {
  readonly isShown: boolean;
  readonly text: TextKey;
  readonly href: string;
  /** Of this page, for the pages around it. */
  readonly query: Readonly<Record<string, string>>;
}

/** Left out unless an address says `canary=yes`. @param here path of the page, without a query */
export function canarySwitch(here: string, query: Readonly<Record<string, unknown>>): CanarySwitch {
  return query['canary'] === 'yes'
    ? { isShown: true, text: 'console.canary.hide', href: here, query: { canary: 'yes' } }
    : { isShown: false, text: 'console.canary.show', href: `${here}?canary=yes`, query: {} };
}

/** What of it goes into a question to the trail, and by which fields it was asked. */
export function askedWith(canary: CanarySwitch, fields: readonly string[]) {
  return {
    filter: canary.isShown ? { withCanary: true } : {},
    about: { fields: [...fields, ...(canary.isShown ? ['canary'] : [])] },
  };
}
