import type { codeMail as en } from '../en/code-mail.ts';

export const codeMail: typeof en = {};
