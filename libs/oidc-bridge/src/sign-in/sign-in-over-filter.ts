import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { SignInOver } from '../provider/bridge-provider.ts';

/** The way back after signing in, or a page that was left open too long: the reader goes on where the sign-in began. */
@Catch(SignInOver)
export class SignInOverFilter implements ExceptionFilter<SignInOver> {
  catch({ begunAt }: SignInOver, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().redirect(303, begunAt);
  }
}
