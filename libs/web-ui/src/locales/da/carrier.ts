import type { carrier as en } from '../en/carrier.ts';

export const carrier: typeof en = {};
