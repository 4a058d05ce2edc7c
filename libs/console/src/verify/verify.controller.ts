import { Controller, Get, Post, Render, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { lastCheckpoint, VerificationTooLarge, verifierKey, verifyFile } from '#libs/audit';
import { AuditApiBusy } from '#libs/audit-api';
import { ReadModels } from '#libs/event-store';
import { Keyring } from '#libs/keyring';
import { discardRest, PageError, RequestLocale } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { StateOfRecord } from '../overview/state-of-record.ts';
import { ConsoleSettings } from '../settings.ts';
import { shownReport } from './shown-findings.ts';
import { MAX_VERIFIED_BYTES, uploadedFile } from './uploaded-file.ts';

const HERE = '/console/verify';
const AT_ONCE = 2;

/** Whether an export is what was recorded: by the second verifier, against this installation's own ledger key. */
@Controller('console/verify')
export class VerifyController {
  private running = 0;

  constructor(
    private readonly keyring: Keyring,
    private readonly readModels: ReadModels,
    private readonly state: StateOfRecord,
    private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Render('console/verify/verify')
  @ForRole('auditor')
  page(@WhoAsks() asker: SignedIn) {
    return { ...consolePage(asker, HERE), ...this.state.now(), maxBytes: MAX_VERIFIED_BYTES };
  }

  /** The form's own address: whoever comes there by a link goes on. */
  @Get('file')
  @ForRole('auditor')
  goOn(@Res() response: Response): void {
    response.redirect(303, HERE);
  }

  /** Shows nothing of the record but what the file says, and keeps nothing: it is in no event. */
  @Post('file')
  @ForRole('auditor')
  async verify(
    @WhoAsks() asker: SignedIn,
    @RequestLocale() locale: Locale,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    try {
      if (this.running >= AT_ONCE) throw new AuditApiBusy(`${AT_ONCE} files are looked at already`);
      this.running++;
      try {
        const file = await uploadedFile(request, this.settings.scratchDirectory);
        const report = await verifyFile(file, this.trustedKeys());
        const view = { ...consolePage(asker, HERE), report: shownReport(report, locale) };
        response.status(200).render('console/verify/verified', view);
      } finally {
        this.running--;
      }
    } catch (error) {
      discardRest(request, response);
      throw error instanceof VerificationTooLarge ? new PageError(413, 'console.verify.tooLarge') : error;
    }
  }

  private trustedKeys(): string[] {
    const origin = lastCheckpoint(this.readModels.db)?.ledger.origin;
    if (origin === undefined) return []; // nothing was signed yet
    return this.keyring
      .list()
      .filter(({ kind }) => kind === 'ledger')
      .flatMap(({ keyId }) => {
        const verifier = this.keyring.ledgerVerifier(keyId);
        return verifier === null ? [] : [verifierKey(origin, verifier.publicKey)];
      });
  }
}
