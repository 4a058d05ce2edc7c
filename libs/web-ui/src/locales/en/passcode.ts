/** Texts of the group `passcode`; its shape is the shape of every other language. */
export const passcode = {};
