/** Texts of the group `codeMail`; its shape is the shape of every other language. */
export const codeMail = {};
