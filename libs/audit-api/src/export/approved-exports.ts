import { Injectable } from '@nestjs/common';
import { recordAuditing } from '#libs/audit';
import type { AskedFor } from '#libs/audit';
import { readProposal, TakeExport, TakeExportHandler } from '#libs/compliance';
import type { ExportAsked, ExportQuestion } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock, parseEventId } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { AuditRequestRefused } from '../door/audit-request-refused.ts';
import { LedgerExports } from './ledger-exports.ts';

/** Gives what a second person confirmed to who asked for it, once. */
@Injectable()
export class ApprovedExports {
  constructor(
    private readonly exports: LedgerExports,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /**
   * The approval is used, and the export in the record, when this resolves.
   * @throws AuditRequestRefused 400 for what is no id, ExportNotApproved; what the ledger and the event store throw
   */
  async take(
    approval: string,
    { askedBy, through }: { readonly askedBy: string; readonly through: ExportAsked['through'] },
  ): Promise<{ readonly form: 'ndjson' | 'csv'; readonly lines: AsyncIterable<string> }> {
    const proposalId = parseEventId(approval);
    if (proposalId === null)
      throw new AuditRequestRefused(400, 'approval', 'approval: is not what a request was answered');
    // First what can fail for reasons of its own, so that no approval is spent on it; whose it is and whether it is good is looked at then.
    const proposal = await readProposal(this.store, proposalId);
    const isTheirs = proposal.status !== 'unknown' && proposal.mandate.by === askedBy;
    const lines = isTheirs && proposal.export !== undefined ? await this.exports.asAsked(proposal.export) : null;
    const handler = new TakeExportHandler(this.store, this.clock);
    const { asked, mandate } = await handler.execute(new TakeExport(proposalId, askedBy, through));
    const { by: _, ...why } = mandate;
    const data = { askedBy, through, ...why, ...whatWasAsked(asked.question), form: asked.form };
    await recordAuditing(this.store, { type: 'AuditTrailExported', data: { ...data, exportedAt: this.clock.now() } });
    return { form: asked.form, lines: lines ?? (await this.exports.asAsked(asked)) };
  }
}

/** By the names that fields have in questions. */
function whatWasAsked(question: ExportQuestion): AskedFor {
  const { personId, senderId, recipientId, readerId, submissionId, caseNumber, withCanary, ...others } = question;
  const named = { person: personId, sender: senderId, recipient: recipientId, reader: readerId };
  const fields = { ...named, ...others, submission: submissionId, case: caseNumber, canary: withCanary };
  const ids = [...new Set(Object.values(named).filter((id): id is PersonId => id !== undefined))];
  return {
    fields: Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name])),
    ...(ids.length > 0 && { persons: ids.map((personId) => ({ personId })) }),
    ...(question.from !== undefined && { from: question.from }),
    ...(question.to !== undefined && { to: question.to }),
  };
}
