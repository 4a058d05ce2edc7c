import type { demo as en } from '../en/demo.ts';
import { plural } from '../texts.ts';

export const demo: typeof en = {
  mailbox: 'Postkasse',
  inbox: 'Indbakke',
  explanation:
    'Demonstration: dette forestiller modtagerens eget mailprogram. Al post, som portalen sender, havner her.',
  empty: 'Ingen post endnu.',
  look: 'Se efter ny post',
  back: 'Tilbage til indbakken',
  from: 'Fra',
  toLabel: 'Til',
  to: 'Til {address}',
  received: 'Modtaget',
  noSubject: '(intet emne)',
  attachments: 'Vedhæftede filer',
  attachmentCount: plural('count', { one: '{count} vedhæftet fil', other: '{count} vedhæftede filer' }),
  text: 'Mailens tekst',
  save: 'Gem denne mail som en fil (.eml)',
  portal: 'Til portalen',
};
