import type { Request, Response } from 'express';
import type { SignInRequest } from '../proof.ts';
import { SignInNotHere } from '../provider/bridge-provider.ts';
import type { BridgeProvider } from '../provider/bridge-provider.ts';

/** The sign-in that an address names, when it is this browser's. @throws SignInNotHere */
export async function signInHere(
  provider: Pick<BridgeProvider, 'interaction'>,
  uid: string,
  request: Request,
  response: Response,
): Promise<SignInRequest> {
  const signIn = await provider.interaction(request, response);
  if (signIn.uid !== uid) throw new SignInNotHere();
  return signIn;
}
