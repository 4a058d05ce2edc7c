import type { TextKey } from '#libs/web-ui';
import type { SignedIn } from '../door/route-roles.ts';
import { mayAs } from '../roles.ts';
import type { ConsoleRole } from '../roles.ts';

interface Place {
  readonly href: string;
  readonly text: TextKey;
  readonly roles: readonly ConsoleRole[];
}

/** What stands in the navigation, in this order, each for whom it is. */
const PLACES: readonly Place[] = [
  { href: '/console', text: 'console.nav.overview', roles: ['auditor', 'operator'] },
  { href: '/console/search', text: 'console.nav.search', roles: ['auditor'] },
  { href: '/console/persons', text: 'console.nav.persons', roles: ['auditor'] },
  { href: '/console/export', text: 'console.nav.export', roles: ['auditor'] },
  { href: '/console/verify', text: 'console.nav.verify', roles: ['auditor'] },
  { href: '/console/charts', text: 'console.nav.charts', roles: ['auditor'] },
  { href: '/console/deliveries', text: 'console.nav.deliveries', roles: ['auditor'] },
  { href: '/console/revoke', text: 'console.nav.revoke', roles: ['officer'] },
  { href: '/console/erase', text: 'console.nav.erase', roles: ['officer'] },
  { href: '/console/holds', text: 'console.nav.holds', roles: ['officer'] },
  { href: '/console/sessions', text: 'console.nav.sessions', roles: ['officer'] },
  { href: '/console/proposals', text: 'console.nav.proposals', roles: ['officer'] },
  { href: '/console/counts', text: 'console.nav.counts', roles: ['operator', 'auditor'] },
  { href: '/console/keys', text: 'console.nav.keys', roles: ['operator'] },
  { href: '/console/health', text: 'console.nav.health', roles: ['operator'] },
];

const ROLE_TEXTS: Readonly<Record<ConsoleRole, TextKey>> = {
  auditor: 'console.roles.auditor',
  officer: 'console.roles.officer',
  operator: 'console.roles.operator',
};

/** What the layout of every page of the console needs: `{ ...consolePage(asker, '/console/search'), … }`. */
export function consolePage({ roles, address, openCase, trail }: SignedIn, here: string) {
  return {
    console: {
      nav: PLACES.filter((place) => mayAs(roles, place.roles)).map(({ href, text }) => ({
        ...{ href, text },
        isHere: href === here,
      })),
      who: address,
      roles: roles.map((role) => ROLE_TEXTS[role]),
      isReader: mayAs(roles, ['auditor']),
      isOfficer: mayAs(roles, ['officer']),
      here,
      trail,
      caseNumber: openCase.caseNumber ?? '',
      reason: openCase.reason ?? '',
      hasCase: openCase.caseNumber !== undefined || openCase.reason !== undefined,
    },
  };
}
