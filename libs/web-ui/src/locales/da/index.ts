import type { en } from '../en/index.ts';
import { bridge } from './bridge.ts';
import { carrier } from './carrier.ts';
import { codeMail } from './code-mail.ts';
import { demo } from './demo.ts';
import { error } from './error.ts';
import { open } from './open.ts';
import { page } from './page.ts';
import { passcode } from './passcode.ts';
import { privacy } from './privacy.ts';
import { read } from './read.ts';
import { signIn } from './sign-in.ts';
import { role } from './role.ts';

export const da: typeof en = {
  page,
  error,
  privacy,
  open,
  passcode,
  read,
  bridge,
  carrier,
  codeMail,
  signIn,
  demo,
  role,
};
