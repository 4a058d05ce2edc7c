import { createRequire } from 'node:module';

/** Of this build, as package.json says it: the nearest one, wherever the code was copied to. */
export const VERSION = (createRequire(import.meta.url)('#package.json') as { version: string }).version;
