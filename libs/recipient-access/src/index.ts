export { openingEvents, signInEvents, type OpeningEvent, type SignInEvent } from './access-events.ts';
export { IdentityProviderSettings } from './identity-provider-settings.ts';
export { endSessionsOf, openSessionsOf } from './portal-session.ts';
export { RECIPIENT_ACCESS_ERRORS } from './error-pages.ts';
export { RecipientAccessModule } from './recipient-access.module.ts';
export { RecipientAccessSettings } from './settings.ts';
export { VisitCounter, type PersonsVisit } from './visit-counter.ts';
