/** Texts of the group `carrier`; its shape is the shape of every other language. */
export const carrier = {};
