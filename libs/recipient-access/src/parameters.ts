import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { requestFacts } from '#libs/web-ui';
import { parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import type { Asking } from './known-messages.ts';
import { CannotBeShown } from './cannot-be-shown.ts';
import { wasOpenedHere } from './opened-here.ts';
import type { Visit } from './visit-counter.ts';

/** The message named by the address; anything that cannot be a message id is answered as any other that cannot be shown. */
export const NamedMessage = createParamDecorator((_: unknown, context: ExecutionContext): MessageId => {
  const messageId = parseMessageId(String(context.switchToHttp().getRequest<Request>().params['messageId']));
  if (messageId === null) throw new CannotBeShown('unknown-message');
  return messageId;
});

/** Who asks: the session of this browser, its network address, and whether it handed the named message in. */
export const AskedBy = createParamDecorator((_: unknown, context: ExecutionContext): Asking => {
  const request = context.switchToHttp().getRequest<Request>();
  const facts = requestFacts(request);
  const messageId = parseMessageId(String(request.params['messageId']));
  return {
    sessionId: facts.browser().sessionId,
    networkAddress: facts.clientNetwork.address,
    hasOpened: messageId !== null && wasOpenedHere(request, messageId),
  };
});

export const VisitOf = createParamDecorator((_: unknown, context: ExecutionContext): Visit => {
  return { userAgent: context.switchToHttp().getRequest<Request>().get('user-agent') };
});
