import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param } from '@nestjs/common';
import ts from 'typescript';
import { DomainError } from '#libs/vocabulary';
import { LOCALES } from '#libs/web-ui';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { ERROR_PAGES } from './error-pages.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Codes that reach no page, each with what becomes of it: a new code stands in a table of pages, or here with its reason. */
const NO_PAGE: Readonly<Record<string, string>> = {
  'cannot-be-shown': 'has a page of its own: CannotBeShownFilter',
  'access-token-refused': 'answered to a program as `unauthorised`',
  'bad-mandate': 'of the command line',
  'record-and-persons-differ': 'told by /readyz and "segl doctor"',
  'append-too-large': 'a fault of ours: the page with a reference, and the log',
  'console-not-signed-in': 'leads to the sign-in page: NotSignedInFilter',
  'console-sign-in-refused': 'said on the sign-in page of the console',
  'retention-late': 'a warning at /readyz, and of `segl doctor`',
  'retention-by-hand': 'a warning of `segl doctor`',
  'backup-too-old': 'a warning of `segl doctor`',
  'canary-not-read': 'a warning of `segl doctor`',
  'canary-stopped': 'what a canary mail came to, for the log, the console and `segl canary run`',
  'canary-asked-too-often': 'answered at the management port, with 429',
  'canary-under-way': 'answered at the management port',
  'bad-backup': 'of the command line',
  'ciphertext-differs': 'CannotBeShown, with `altered` in the record',
  'ephemeral-store-unsafe': 'stops the start',
  'ephemeral-value-gone': 'CannotBeShown: it went while it was read',
  'event-store-misconfigured': 'stops the start',
  'gateway-busy': 'answered to the sending mail server as 4yz',
  'import-refused': 'of the command line',
  'key-not-destroyable': 'of the command line',
  'key-destroyed-meanwhile': 'of the command line',
  'keyring-changing': 'of the command line',
  'keyring-exists': 'of the command line',
  'keyring-fault': 'stops the start; a running process keeps the keys that it has',
  'mail-too-large': 'answered to a program by the sealing API',
  'message-already-sealed': 'a fault of ours: the page with a reference, and the log',
  'message-not-openable': 'CannotBeShown, with its reason in the record',
  'no-mail-space': 'answered over SMTP: 452 4.3.1',
  'too-many-logins': 'answered over SMTP: 454 4.7.0',
  'server-certificate-fault': 'stops the start; a running process keeps the certificate that it has',
  'certificate-ends': 'told by /readyz and "segl doctor"',
  'not-listening': 'told by /readyz',
  'record-altered': 'a warning at /readyz, and the log',
  'not-a-carrier': 'CannotBeShown, counted',
  'not-well-around': 'a warning at /readyz, and of the command line',
  'not-sealed-mail': 'CannotBeShown, counted',
  'otp-limit-reached': 'shown on the page of the challenge',
  'otp-not-awaited': 'shown on the page of the challenge',
  'outbox-fault': 'a fault of ours: the log, and a program is told that it is not its own',
  'outbox-unavailable': 'answered to a program by the sealing API',
  'person-rows-conflict': 'of the command line',
  'personal-data-unreadable': 'a fault of ours: the page with a reference, and the log',
  'policy-faulty': 'stops the start; a running process keeps the policy that it has, and says so at /readyz',
  'policy-not-taken': 'a warning at /readyz, and of the command line',
  'providers-in-trouble': 'a warning at /readyz, and of the command line',
  'webhooks-in-trouble': 'a warning at /readyz, and of the command line',
  'read-models-behind': 'a warning at /readyz',
  'relay-refused': 'shown on the page of the challenge, and in the outbox',
  'relay-unavailable': 'shown on the page of the challenge, and in the outbox',
  'relay-url-refused': 'stops the start',
  'revision-conflict': 'decided again, at last `too-much-contention`',
  'seal-broken': 'CannotBeShown, with its reason in the record',
  'sign-in-refused': 'shown at /m/:messageId, with its reason in the record',
  'nothing-to-pass-over': 'of the command line',
  'removal-refused': 'of the command line',
  'unknown-event': 'a fault of ours: the page with a reference, and the log',
  'unknown-message': 'of the command line',
  'upstream-refused': 'shown on the sign-in page, with its reason in the record',
  'upstream-unreachable': 'shown on the sign-in page, with its reason in the record',
  'destination-unreachable':
    'the cause of another: of a provider, a receiver, a witness or a checkpoint that was not taken',
  'checkpoint-not-copied': 'of the ledger: the log, a figure, and a warning at /readyz',
  'verification-too-large': 'answered by the page that verifies, as 413',
  'witness-did-not-sign': 'of the ledger: the log, and a warning at /readyz',
};

/** Every code that a DomainError of the house is made with, and the file that makes it. */
function codesInSource(): Map<string, string> {
  const files = globSync('{libs,apps/appliance}/**/*.ts', { cwd: ROOT }).filter(
    (file) => !/\.(int-|e2e-)?spec\.ts$|\/testing\/|\/test\/|\.d\.ts$/.test(file),
  );
  const codes = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    if (!text.includes('DomainError') && !text.includes('BadRequest')) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const literalsIn = (node: ts.Node | undefined): string[] => {
      if (node === undefined) return [];
      if (ts.isStringLiteral(node)) return [node.text];
      return ts.isConditionalExpression(node) ? [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)] : [];
    };
    const visit = (node: ts.Node, isDomainError: boolean): void => {
      const isClass = ts.isClassDeclaration(node) && /extends DomainError\b/.test(node.getText().slice(0, 200));
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword && isDomainError) {
        for (const code of literalsIn(node.arguments[0])) codes.set(code, file);
      }
      if (ts.isNewExpression(node) && /^(DomainError|BadRequest)$/.test(node.expression.getText())) {
        for (const code of literalsIn(node.arguments?.[0])) codes.set(code, file);
      }
      ts.forEachChild(node, (child) => visit(child, ts.isClassDeclaration(node) ? isClass : isDomainError));
    };
    visit(source, false);
  }
  return codes;
}

/** What the sealing API and the audit API answer themselves, to programs. */
const problems = readFileSync(join(ROOT, 'libs/gateway/src/submission/problems.ts'), 'utf8');
const isAnsweredToPrograms = (code: string, file: string) =>
  file.startsWith('libs/audit-api/') ||
  (file.startsWith('libs/gateway/') &&
    (problems.includes(`case '${code}'`) || /submission-request\.ts$|problems\.ts$/.test(file)));

@Controller('fails')
class FailsController {
  @Get(':code')
  fail(@Param('code') code: string): never {
    throw new DomainError(code);
  }
}

describe('every error that a room can throw', () => {
  const codes = codesInSource();
  const withPage = [...codes].filter(([code, file]) => !(code in NO_PAGE) && !isAnsweredToPrograms(code, file));
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await openTestPortal({ controllers: [FailsController] }, { errorPages: ERROR_PAGES });
  });
  afterAll(() => portal.close());

  it('is found in the source, those of the bridge among them', () => {
    expect(codes.size).toBeGreaterThan(50);
    for (const code of ['proof-too-old', 'proof-not-for-console', 'too-many-openings', 'unauthorised']) {
      expect([...codes.keys()]).toContain(code);
    }
    expect(Object.keys(NO_PAGE).filter((code) => !codes.has(code))).toEqual([]);
  });

  it.each(withPage)('%s (%s) has a status and words in every language', async (code) => {
    const words = new Set<string>();
    for (const locale of LOCALES) {
      const page = await portal.browser().get(`/fails/${code}`, { 'accept-language': locale });
      expect(page.status).toBeGreaterThanOrEqual(400);
      expect(page.status).not.toBe(500);
      expect(page.html).toContain(`<html lang="${locale}"`);
      words.add(/<h1>([^<]+)<\/h1>/.exec(page.html)?.[1] ?? '');
    }
    expect([...words].filter((title) => title.length > 3)).toHaveLength(LOCALES.length);
  });

  it('that is about how often somebody asked says when they may again, in the header and on the page', async () => {
    const tooOften = ERROR_PAGES.flatMap((table) => Object.entries(table)).filter(([, { status }]) => status === 429);
    expect(tooOften.length).toBeGreaterThan(3);
    for (const [code, { retryAfterSeconds = 0 }] of tooOften) {
      const { headers, text } = await portal.browser().get(`/fails/${code}`);
      expect([code, headers.get('retry-after')]).toEqual([code, String(retryAfterSeconds)]);
      expect(retryAfterSeconds).toBeGreaterThan(0);
      expect(text).toMatch(/try again at \d\d:\d\d \S+ at the latest/);
    }
  });

  it.each(Object.keys(NO_PAGE))('%s stands in no table of pages', async (code) => {
    expect((await portal.browser().get(`/fails/${code}`)).status).toBe(500);
  });
});
