import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EnterConsole } from '#libs/console';
import { parseMailAddress } from '#libs/vocabulary';
import { rotateBrowserSession } from '#libs/web-ui';

const ROLES = ['auditor', 'officer', 'operator'] as const;

/**
 * Stands for the organisation's own sign-in, which a demonstration has not: whoever sits at this machine comes in at the console in
 * the role that they choose. There in a demonstration alone, which answers on loopback alone.
 */
@Controller('demo/console')
export class DemoConsoleController {
  constructor(private readonly entry: EnterConsole) {}

  @Get()
  toConsole(@Res() response: Response): void {
    response.redirect(303, '/console');
  }

  @Post()
  async enter(
    @Body() form: Readonly<Record<string, string>>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const role = ROLES.find((one) => one === form['role']) ?? 'auditor';
    const address = parseMailAddress(`${role}@nordlys.example`);
    const account = { address, method: 'demonstration', issuer: 'demonstration', roles: [role] };
    await this.entry.enter(account, () => rotateBrowserSession(request));
    response.redirect(303, '/console');
  }
}
