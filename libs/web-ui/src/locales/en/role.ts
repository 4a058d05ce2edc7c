/** What a process says of pages that a process of another role serves (SEGL_ROLES). */
export const role = {
  servedElsewhere: {
    title: 'This address is answered elsewhere',
    text: 'This process does not serve it: another one of this installation does. If you came from an attachment, tell the sender that the portal cannot be reached; your attachment stays as it is.',
  },
};
