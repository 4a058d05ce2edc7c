/** Texts of the group `read`; its shape is the shape of every other language. */
export const read = {};
