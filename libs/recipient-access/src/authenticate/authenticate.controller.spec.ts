import { describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { AuthenticateController } from './authenticate.controller.ts';

const messageId = 'a'.repeat(32) as MessageId;

/** Asks to begin a sign-in, from where a browser says that the request came. */
async function prove(cameFrom: string | undefined, isStranger = false) {
  let begun = 0;
  let sentTo = '';
  const controller = new AuthenticateController(
    { execute: async () => (begun++, new URL('https://portal.example/oidc/auth')) } as never,
    {
      toProve: async () => (isStranger ? null : { address: 'anna@example.com', personId: 'p' as PersonId }),
    } as never,
    {} as never,
  );
  await controller.prove(
    messageId,
    { sessionId: 's', networkAddress: null } as never,
    { id: 'b' } as never,
    'en',
    { address: '192.0.2.1', prefix: '192.0.2.0/24' },
    cameFrom,
    { redirect: (_status: number, location: string) => (sentTo = location) } as unknown as Response,
  );
  return { begun, sentTo };
}

describe('GET /m/:messageId/prove', () => {
  it.each(['same-origin', 'none', undefined])('begins a sign-in for a link of ours, or typed in (%s)', async (from) => {
    expect(await prove(from)).toEqual({ begun: 1, sentTo: 'https://portal.example/oidc/auth' });
  });

  it.each(['cross-site', 'same-site'])(
    'A5: begins nothing for a page of another site, a neighbour’s too (%s)',
    async (from) => {
      expect(await prove(from)).toEqual({ begun: 0, sentTo: `/m/${messageId}` });
    },
  );

  it('begins nothing for who neither opened the message here nor read it', async () => {
    expect(await prove('none', true)).toEqual({ begun: 0, sentTo: `/m/${messageId}` });
  });
});
