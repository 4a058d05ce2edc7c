import type { passcode as en } from '../en/passcode.ts';

export const passcode: typeof en = {};
