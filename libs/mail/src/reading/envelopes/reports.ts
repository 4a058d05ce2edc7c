import { MailHeader } from '../../syntax/header-fields.ts';
import { headerText } from '../../syntax/header-text.ts';
import type { DeliveryAction, DeliveryReport, Receipt } from './explanation.ts';

const ACTIONS: readonly DeliveryAction[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'];
const MAX_RECIPIENTS = 20;
const MAX_GROUPS = 200;
const MAX_REASON = 500;

/** A message/delivery-status (RFC 3464 §2): one report for each thing that happened. */
export function deliveryReports(content: Buffer): DeliveryReport[] {
  const groups = content
    .toString('latin1')
    .replace(/\r\n?/g, '\n')
    .split(/\n[ \t]*\n+/, MAX_GROUPS)
    .map((group) => new MailHeader(Buffer.from(group, 'latin1')));
  const reports = new Map<DeliveryAction, { recipients: string[]; reason: string }>();
  for (const group of groups) {
    const action = ACTIONS.find((each) => each === group.first('action').trim().toLowerCase());
    const recipient = untyped(group.first('final-recipient') || group.first('original-recipient'));
    if (action === undefined || recipient === '') continue;
    const report = reports.get(action) ?? { recipients: [], reason: '' };
    report.recipients.push(recipient);
    report.reason ||=
      untyped(group.first('diagnostic-code')).slice(0, MAX_REASON) || headerText(group.first('status')).slice(0, 20);
    reports.set(action, report);
  }
  return [...reports].map(([action, { recipients, reason }]) => ({
    kind: 'delivery',
    action,
    recipients: recipients.slice(0, MAX_RECIPIENTS),
    moreRecipients: Math.max(0, recipients.length - MAX_RECIPIENTS),
    reason,
  }));
}

/** A message/disposition-notification (RFC 8098 §3.1); none of what does not say what happened. */
export function receiptOf(content: Buffer): Receipt[] {
  const header = new MailHeader(content);
  const recipient = untyped(header.first('final-recipient') || header.first('original-recipient'));
  const type = /;\s*([a-z]+)/i.exec(header.first('disposition'))?.[1]?.toLowerCase() ?? '';
  const disposition = DISPOSITIONS[type];
  return recipient === '' || disposition === undefined ? [] : [{ kind: 'receipt', disposition, recipient }];
}

const DISPOSITIONS: Readonly<Record<string, Receipt['disposition']>> = {
  displayed: 'displayed',
  deleted: 'deleted',
  dispatched: 'processed',
  processed: 'processed',
  denied: 'failed',
  failed: 'failed',
};

/** `rfc822; name@example.org` without its type. */
function untyped(value: string): string {
  return headerText(value.replace(/^[\w-]{1,30}\s*;\s*/, '')).replace(/^<|>$/g, '');
}
