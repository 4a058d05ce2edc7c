import type { open as en } from '../en/open.ts';

export const open: typeof en = {};
