import { describe, expect, it } from '@jest/globals';
import { GaveUp, faultOf } from './faults.ts';

const error = (message: string, properties: object = {}): Error => Object.assign(new Error(message), properties);

describe('what the client throws', () => {
  it.each([
    ['no server', error('14 UNAVAILABLE: No connection established. Last error: ECONNREFUSED', { code: 14 })],
    ['a server that starts', error('14 UNAVAILABLE: Server Is Not Ready', { code: 14, type: 'unavailable' })],
    ['a follower', error('Leader info available', { type: 'not-leader' })],
    ['a server that stops', error('cancelled', { type: 'cancelled', code: 1 })],
    ['an end of time', error('deadline', { type: 'deadline-exceeded', code: 4 })],
    ['what nobody knows', error('2 UNKNOWN: client error (Connect)', { type: 'unknown', code: 2 })],
    ['our own limit', new GaveUp('no answer in 2.5 s')],
    ['no error at all', 'a string'],
  ])('is tried again with another client after %s', (_, thrown) => {
    expect(faultOf(thrown)).toMatchObject({ isLasting: false, isAnswer: false });
  });

  it('is tried again with the same client when the server could not commit in time', () => {
    expect(faultOf(error('Commit phase timeout', { type: 'timeout', code: 10 }))).toMatchObject({
      isLasting: false,
      isAnswer: true,
    });
  });

  it.each([
    [error('Unauthenticated', { type: 'access-denied', code: 16 }), /credentials file/],
    [error('7 PERMISSION_DENIED', { code: 7 }), /credentials file/],
    [error('gone', { type: 'stream-deleted', code: 9 }), /backup/],
    [error('', { type: 'maximum-append-size-exceeded', maxAppendSize: 5000 }), /only 5000 bytes.*MaxAppendSize/],
    [error('2 UNKNOWN: Unexpected ReadAllResult: InvalidPosition', { code: 2 }), /position/],
    [error('14 UNAVAILABLE: Last error: self-signed certificate in certificate chain', { code: 14 }), /CA/],
    [error('14 UNAVAILABLE: unable to verify the first certificate', { code: 14 }), /CA/],
    [error('14 UNAVAILABLE: certificate has expired', { code: 14 }), /expired/],
    [error("Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list"), /name/],
    [error('write EPROTO ssl3_get_record:wrong version number'), /tls=false/],
  ])('is not tried again after %s', (thrown, reason) => {
    const fault = faultOf(thrown);
    expect(fault.isLasting).toBe(true);
    expect(fault.reason).toMatch(reason);
  });
});
