import type { read as en } from '../en/read.ts';

export const read: typeof en = {};
