import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { UnexpectedError } from './error-filter.ts';
import { openTestPortal } from './testing/index.ts';
import type { TestPortal } from './testing/index.ts';

@Controller('try')
class PageController {
  @Get('page') page(@Res() response: Response) {
    response.render('web-ui/help/help-page', {});
  }
  @Get('no-view') noView(@Res() response: Response) {
    response.render('try/no-view');
  }
}

describe('a page', () => {
  const unexpected: UnexpectedError[] = [];
  let portal: TestPortal;
  beforeAll(async () => {
    const onUnexpected = (report: UnexpectedError) => unexpected.push(report);
    portal = await openTestPortal({ controllers: [PageController] }, { onUnexpected });
  });
  afterAll(() => portal.close());

  it('is HTML of a known length, and its head alone says the same', async () => {
    const asked = (method: string) => fetch(`${portal.url}/try/page`, { method, headers: { 'accept-language': 'da' } });
    const [page, head] = [await asked('GET'), await asked('HEAD')];
    const html = await page.text();
    expect(html).toContain('<html lang="da">');
    expect(html).toContain('href="/try/page?lang&#x3D;en"');
    for (const { headers } of [page, head]) {
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('content-length')).toBe(String(Buffer.byteLength(html)));
    }
    expect(await head.text()).toBe('');
  });

  it('that cannot be made is answered as any failure is', async () => {
    expect((await portal.browser().get('/try/no-view')).status).toBe(500);
    expect(unexpected).toMatchObject([{ route: '/try/no-view', error: new TypeError('no view "try/no-view"') }]);
  });
});
