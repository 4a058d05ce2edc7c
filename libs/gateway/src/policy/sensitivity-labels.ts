import { headerText } from '#libs/mail';
import type { MailHeader } from '#libs/mail';

/** 100 labels of a mail: programs write a handful. */
const MAX_LABELS = 100;

/**
 * What a mail is labelled as, in lower case: Microsoft's `msip_labels` by the id and by the name of each label that is set, and the
 * `Sensitivity` field (RFC 2156 §5.3.4: Personal, Private, Company-Confidential).
 */
export function sensitivityLabels(header: MailHeader): string[] {
  const labels: string[] = [];
  for (const field of header.all('msip_labels')) {
    const set = new Map<string, { isSet: boolean; name: string }>();
    for (const [, id = '', property = '', value = ''] of headerText(field).matchAll(
      /MSIP_Label_([0-9a-f-]{36})_(Enabled|Name)\s*=\s*([^;]*)/gi,
    )) {
      const label = set.get(id) ?? { isSet: false, name: '' };
      if (property.toLowerCase() === 'enabled') label.isSet = /^true$/i.test(value.trim());
      else label.name = value.trim();
      if (set.size < MAX_LABELS || set.has(id)) set.set(id, label);
    }
    for (const [id, { isSet, name }] of set) if (isSet) labels.push(id, name);
  }
  labels.push(...header.all('sensitivity').map((field) => headerText(field).trim()));
  return labels.filter((label) => label !== '').map((label) => label.toLowerCase());
}
