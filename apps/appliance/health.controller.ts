import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';

/** On the public port: that the process lives, and no more. What it is able to do stands on the management port. */
@Controller()
export class HealthController {
  @Get('healthz')
  alive(@Res() response: Response): void {
    response.type('text/plain').send('alive\n');
  }
}
