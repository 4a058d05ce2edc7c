import type { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { describe, expect, it } from '@jest/globals';
import { newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { VisitCounter } from '../visit-counter.ts';
import type { PersonsVisit } from '../visit-counter.ts';
import { contentDisposition } from '../content-disposition.ts';
import { DownloadAttachmentController } from './download-attachment.controller.ts';

const messageId = 'a'.repeat(32) as MessageId;
const asking = { sessionId: 'x', networkAddress: null, hasOpened: false };

class Counted extends VisitCounter {
  readonly visits: (readonly [string, string])[] = [];
  override viewed(): void {}
  override signedIn(): void {}
  override denied(): void {}
  override downloaded({ visitId }: PersonsVisit, what: string): void {
    this.visits.push([visitId, what]);
  }
}

describe('a file that is handed out', () => {
  it('is counted by its person, since somebody who signs in ten times is not ten visits', async () => {
    const recipientId = newPersonId();
    const commands = { execute: () => Promise.resolve({ filename: 'a.txt', content: Buffer.from('a'), recipientId }) };
    const counter = new Counted();
    const controller = new DownloadAttachmentController(commands as unknown as CommandBus, counter);
    const response = { setHeader: () => undefined, end: () => undefined } as unknown as Response;
    for (const session of ['one', 'two']) {
      const visit = { visitId: session, userAgent: undefined };
      await controller.attachment(messageId, asking, visit, 1, response);
      await controller.original(messageId, asking, visit, response);
    }
    expect(counter.visits).toEqual([
      [recipientId, 'attachment'],
      [recipientId, 'original'],
      [recipientId, 'attachment'],
      [recipientId, 'original'],
    ]);
  });

  it.each([
    ['plan.pdf', `attachment; filename="plan.pdf"; filename*=UTF-8''plan.pdf`],
    ['Årsplan "1"%.pdf', `attachment; filename="_rsplan _1__.pdf"; filename*=UTF-8''%C3%85rsplan%20%221%22%25.pdf`],
    ["o'brien (2).txt", `attachment; filename="o'brien (2).txt"; filename*=UTF-8''o%27brien%20%282%29.txt`],
    ['\ud800.txt', `attachment; filename="_.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
  ])('is named %j whatever the browser understands', (filename, header) => {
    expect(contentDisposition(filename)).toBe(header);
  });
});
