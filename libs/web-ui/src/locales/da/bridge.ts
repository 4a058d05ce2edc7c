import type { bridge as en } from '../en/bridge.ts';

export const bridge: typeof en = {
  startAgain: {
    title: 'Dette login kan ikke fortsætte',
    text: 'Det tog for lang tid, det var allerede afsluttet, eller det blev begyndt i en anden browser. Intet er gået tabt. Åbn den vedhæftede fil igen, eller siden, som sendte dig hertil, og log ind på ny. Din browser skal acceptere cookies fra dette websted.',
  },
};
