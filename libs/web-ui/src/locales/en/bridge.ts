export const bridge = {
  startAgain: {
    title: 'This sign-in cannot go on',
    text: 'It took too long, was finished already, or was begun in another browser. Nothing was lost. Open the attachment again, or the page that sent you here, and sign in once more. Your browser must accept cookies from this site.',
  },
};
