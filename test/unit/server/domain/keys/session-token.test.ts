import { expect, it } from 'vitest';
import { readSession, sessionMs, signSession } from '../../../../../server/domain/keys/session-token.ts';

const secret = 's'.repeat(32);
const session = { keyId: '0123456789ab', beganMs: 1_795_000_000_000, id: 'A'.repeat(22) };
const token = signSession(session, secret);

it('reads what was signed, until its time is over', () => {
  expect(readSession(token, { secret, nowMs: session.beganMs + sessionMs - 1 })).toEqual(session);
  expect(readSession(token, { secret, nowMs: session.beganMs + sessionMs })).toBeUndefined();
});

it('does not read what another secret signed, nor what was changed anywhere', () => {
  const nowMs = session.beganMs + 1;
  expect(readSession(token, { secret: 't'.repeat(32), nowMs })).toBeUndefined();
  for (let place = 0; place < token.length; place++) {
    const changed = `${token.slice(0, place)}${token[place] === 'b' ? 'c' : 'b'}${token.slice(place + 1)}`;
    expect(readSession(changed, { secret, nowMs })).toBeUndefined();
  }
  for (const text of ['', '.', `${token}.`, token.slice(0, -1)]) {
    expect(readSession(text, { secret, nowMs })).toBeUndefined();
  }
});
