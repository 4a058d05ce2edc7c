export type { BridgeProof, ReaderIdentity, SignInRequest } from './proof.ts';
export {
  clientSignInsStream,
  signInsStream,
  type AuthenticationFailed,
  type SignInFailure,
  type SignInMethod,
} from './sign-in-events.ts';
