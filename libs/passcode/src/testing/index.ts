export { leaveAddressProof } from '../address-proof.ts';
export { anna, codeIn, codeOf, openPasscodeRoom, pause, wish, type PasscodeRoom } from './passcode-room.ts';
