/** Texts of the group `open`; its shape is the shape of every other language. */
export const open = {};
