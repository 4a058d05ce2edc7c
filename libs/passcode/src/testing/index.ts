export { leaveAddressProof } from '../address-proof.ts';
export { anna, codeIn, openPasscodeRoom, pause, wish, type PasscodeRoom } from './passcode-room.ts';
