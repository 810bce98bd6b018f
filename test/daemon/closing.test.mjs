// How a connection ends (RFC 6455, 5.5.1 and 7): who says what, once, and nothing after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { soon } from '../support/inbox.mjs';
import { BINARY, CLOSE, closePayload, encode, PING, rawJoin, upgrade } from '../support/rawws.mjs';
import { serve } from '../support/serve.mjs';

const daemon = serve({ message_rate: 0 });

async function answerTo(payload, room = 'closing') {
  const wire = await rawJoin(daemon, 'eve', room);
  wire.send({ opcode: CLOSE, payload });
  const answer = (await wire.untilClose()).at(-1);
  await wire.endsCleanly({ answer: false });
  return answer;
}

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
  test(`a close with ${code} is answered with ${code}, and the server ends the connection`, async () => {
    assert.equal((await answerTo(closePayload(code))).code, code);
    assert.equal((await answerTo(closePayload(code, 'because \u20ac'))).code, code);
  });

test('a close without a code is answered without a code', async () => {
  assert.equal((await answerTo('')).payload.length, 0);
});

test('a close of one byte is answered with 1002', async () => {
  assert.equal((await answerTo(Buffer.from([3]))).code, 1002);
});

for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
  test(`a close with ${code}, which nobody may send, is answered with 1002`, async () => {
    assert.equal((await answerTo(closePayload(code))).code, 1002);
  });

test('a close with a reason that is not UTF-8 is answered with 1007', async () => {
  assert.equal((await answerTo(Buffer.concat([closePayload(1000), Buffer.from('e282', 'hex')]))).code, 1007);
});

test('a close before joining is answered as well', async () => {
  const wire = await upgrade(daemon, '/ws');
  wire.send({ opcode: CLOSE, payload: closePayload(1000) });
  assert.deepEqual((await wire.untilClose()).map((f) => f.code), [1000]);
  await wire.endsCleanly({ answer: false });
});

test('what is sent after a close is not obeyed, and answered by nothing', async () => {
  const ann = await join(daemon, 'ann', { room: 'after' });
  const eve = await rawJoin(daemon, 'eve', 'after');
  await ann.until({ type: 'join', username: 'eve' });
  const text = (body) => encode({ payload: JSON.stringify({ type: 'message', body }) });
  eve.write(
    Buffer.concat([
      text('before'),
      encode({ opcode: CLOSE, payload: closePayload(1000) }),
      text('after'),
      encode({ opcode: PING, payload: 'x' }),
      encode({ opcode: CLOSE, payload: closePayload(1000) }),
    ]),
  );
  await eve.untilClose();
  await eve.endsCleanly({ answer: false });
  const seen = [];
  while (seen.at(-1)?.type !== 'leave') seen.push(await ann.nextBut('users'));
  assert.deepEqual(
    seen.map((event) => event.body ?? event.type),
    ['before', 'leave'],
  );
  await ann.leave();
});

test('after its own close the server obeys nothing more and sends nothing more', async () => {
  const ann = await join(daemon, 'ann', { room: 'own' });
  const eve = await rawJoin(daemon, 'eve', 'own');
  await ann.until({ type: 'join', username: 'eve' });
  for (let i = 0; i < 10; i++) eve.send({ payload: 'x' });
  const frames = await eve.untilClose();
  assert.equal(frames.at(-1).code, 4400);
  eve.say('ghost');
  for (let i = 0; i < 10; i++) eve.send({ payload: 'x' });
  await ann.until({ type: 'leave', username: 'eve' });
  ann.say('alone again');
  assert.equal((await ann.until({ type: 'message' })).body, 'alone again');
  await eve.endsCleanly();
  await ann.leave();
});

test('the server ends the connection once its close is answered', async () => {
  const eve = await rawJoin(daemon, 'eve', 'answered');
  for (let i = 0; i < 10; i++) eve.send({ payload: 'x' });
  await eve.untilClose();
  eve.send({ opcode: CLOSE, payload: closePayload(4400) });
  await eve.endsCleanly({ answer: false });
});

test('the server ends the connection in the end even if its close is never answered', async () => {
  const eve = await rawJoin(daemon, 'eve', 'mute');
  for (let i = 0; i < 10; i++) eve.send({ payload: 'x' });
  await eve.untilClose();
  await eve.endsCleanly({ answer: false });
});

test('pings do not put off the end of a connection that does not answer the close', async () => {
  const eve = await rawJoin(daemon, 'eve', 'pings');
  const pings = setInterval(() => eve.send({ opcode: PING, payload: 'x' }), 100);
  eve.send({ opcode: BINARY, payload: 'x' });
  await eve.untilClose();
  await soon(eve.ended, 'the end of the connection').finally(() => clearInterval(pings));
});

test('the end of the stream without a close is a leave', async () => {
  const ann = await join(daemon, 'ann', { room: 'fin' });
  const eve = await rawJoin(daemon, 'eve', 'fin');
  eve.socket.end();
  await ann.until({ type: 'leave', username: 'eve' });
  await soon(eve.ended, 'the end of the connection');
  await ann.leave();
});

test('the end of the stream in the middle of a frame or of fragments is a leave', async () => {
  const ann = await join(daemon, 'ann', { room: 'middle' });
  for (const bytes of [
    Buffer.from([0x81]),
    encode({ payload: 'x'.repeat(1000) }).subarray(0, 500),
    encode({ payload: '{"type":"mess', fin: false }),
  ]) {
    const eve = await rawJoin(daemon, 'eve', 'middle');
    eve.socket.end(bytes);
    await ann.until({ type: 'leave', username: 'eve' });
  }
  await ann.leave();
});
