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

/** The English catalogue gives all others their shape: a text missing there fails the type check, and so the build. */
export const en = {
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
