export { ConsoleModule } from './console.module.ts';
export { CONSOLE_ERRORS } from './door/error-pages.ts';
export { ConsoleSettings } from './settings.ts';
