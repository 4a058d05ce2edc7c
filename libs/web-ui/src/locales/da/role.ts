import type { role as en } from '../en/role.ts';

export const role: typeof en = {
  servedElsewhere: {
    title: 'Denne adresse besvares et andet sted',
    text: 'Denne proces svarer ikke på den; det gør en anden i samme installation. Hvis du kom fra en vedhæftet fil, så fortæl afsenderen, at portalen ikke kan nås. Din vedhæftede fil er uændret.',
  },
};
