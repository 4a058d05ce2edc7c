export { ConsoleModule } from './console.module.ts';
export { CONSOLE_ERRORS } from './door/error-pages.ts';
export { EnterConsole } from './sign-in/enter-console.ts';
export { ConsoleSettings, type OfficersNotices } from './settings.ts';
