import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { pacedBody } from '#libs/web-ui';
import { carriersAnswer } from './carriers-answer.ts';
import { refuse } from './refuse.ts';
import { SealingClients, SubmissionSettings } from './settings.ts';
import { SubmitMail } from './submit-mail.ts';
import type { Submitted } from './submit-mail.ts';
import { accessTokenIn, readSubmissionRequest } from './submission-request.ts';

/** The sealing API, for programs. Reads its own body, as it comes: no parser may stand before it. */
@Controller('api/v1')
export class SealingApiController {
  constructor(
    private readonly commands: CommandBus,
    private readonly settings: SubmissionSettings,
    private readonly clients: SealingClients,
  ) {}

  @Post('messages')
  async submit(@Req() request: Request, @Res() response: Response): Promise<void> {
    try {
      const client = await this.clients.authorise(accessTokenIn(request.headers));
      const asked = readSubmissionRequest(request.originalUrl, request.headers, this.settings);
      if (asked.isOldForm) deprecated(response);
      const mail = pacedBody(request, this.settings.silenceSeconds);
      const submitted = await this.commands.execute(new SubmitMail({ ...asked, client, mail }));
      await answer(response, submitted);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // whoever asked is gone
      refuse(request, response, error, 'messages:seal');
    }
  }
}

/** RFC 9745, 2026-11-30: until the release after this one. */
function deprecated(response: Response): void {
  response.setHeader('Deprecation', '@1795996800');
  response.setHeader('Link', '</api/v1/openapi.json>; rel="deprecation"; type="application/json"');
}

async function answer(response: Response, submitted: Submitted): Promise<void> {
  response.status(201);
  if (submitted.delivery === 'relay') {
    response.json({ messages: submitted.messages });
    return;
  }
  try {
    const { contentType, bytes, content } = carriersAnswer(submitted.carriers);
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', bytes);
    await pipeline(Readable.from(content(), { objectMode: false }), response);
  } catch {
    response.destroy(); // half an answer must not look like a whole one
  } finally {
    await submitted.release();
  }
}
