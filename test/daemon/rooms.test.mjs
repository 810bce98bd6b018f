// Rooms: which names they have, and that they are independent (docs/protocol.md, "v1" and "Names").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { upgrade } from '../support/rawws.mjs';
import { serve } from '../support/serve.mjs';

const daemon = serve({ workers: 2, message_rate: 0 });

test('what happens in a room is told in that room alone', async () => {
  const [tea, coffee] = [await join(daemon, 'ann', { room: 'tea' }), await join(daemon, 'bob', { room: 'coffee' })];
  tea.say('in tea');
  await tea.until({ body: 'in tea' });
  const guest = await join(daemon, 'cleo', { room: 'tea' });
  await tea.until({ type: 'join', username: 'cleo' });
  await guest.leave();
  await tea.until({ type: 'leave', username: 'cleo' });
  assert.deepEqual(await coffee.settle(), []);
  await tea.leave();
  await coffee.leave();
});

test('the same name may be in two rooms', async () => {
  const one = await join(daemon, 'ann', { room: 'one' });
  const two = await join(daemon, 'ann', { room: 'two' });
  one.say('1');
  two.say('2');
  assert.equal((await one.until({ type: 'message' })).body, '1');
  assert.equal((await two.until({ type: 'message' })).body, '2');
  await one.leave();
  await two.leave();
});

test('without room, and with room=lobby, it is the lobby', async () => {
  const ann = await join(daemon, 'ann');
  const bob = await join(daemon, 'bob', { room: 'lobby' });
  ann.say('hello');
  await bob.until({ type: 'message', username: 'ann', body: 'hello' });
  await ann.leave();
  await bob.leave();
});

test('the room of the query holds for a join by frame; a room in the frame does not count', async () => {
  const ann = await join(daemon, 'ann', { room: 'asked' });
  const bob = await connect(daemon, { room: 'asked' });
  bob.send({ type: 'join', username: 'bob', room: 'elsewhere' });
  await ann.until({ type: 'join', username: 'bob' });
  await ann.leave();
  await bob.leave();
});

for (const [what, a, b] of [
  ['upper and lower case', 'Tea-Room_1.x', 'tea-room_1.X'],
  ['case of other scripts', '\u0427\u0410\u0419', '\u0447\u0430\u0439'],
  ['case that folds to more letters', 'STRASSE', 'stra\u00dfe'],
]) {
  test(`rooms are compared after case folding: ${what}`, async () => {
    const ann = await join(daemon, 'ann', { room: a });
    const bob = await join(daemon, 'bob', { room: b });
    await ann.until({ type: 'join', username: 'bob' });
    await ann.leave();
    await bob.leave();
  });
}

for (const room of ['a', '7', '-', '.', '_', 'x'.repeat(64), '\u8336'.repeat(64), '\u0939\u093f\u0928\u094d\u0926\u0940'])
  test(`a room may be called ${room}`, async () => {
    const ann = await join(daemon, 'ann', { room });
    assert.deepEqual(await ann.settle(), []);
    await ann.leave();
  });

for (const [what, room] of [
  ['nothing', ''],
  ['65 letters', 'x'.repeat(65)],
  ['a blank', 'tea room'],
  ['blanks only', '  '],
  ['a slash', 'tea/room'],
  ['a control character', 'tea\u0001room'],
  ['a bidi override', 'tea\u202eroom'],
  ['a zero-width joiner', 'tea\u200droom'],
  ['an emoji', 'tea\u{1f375}'],
  ['markup', '<b>'],
  ['a private-use character', 'tea\ue000'],
])
  test(`a room cannot be called ${what}: error, close 4400`, async () => {
    const eve = await connect(daemon, { name: 'eve', room });
    assert.match(await eve.error(), /room/i);
    assert.equal((await eve.end()).code, 4400);
  });

test('a room that is not UTF-8: error, close 4400', async () => {
  const wire = await upgrade(daemon, '/ws?username=eve&room=%ff');
  assert.deepEqual(
    (await wire.untilClose()).map((f) => f.json?.type ?? f.code),
    ['error', 4400],
  );
  await wire.endsCleanly();
});

test('a room that emptied begins anew', async () => {
  for (let i = 0; i < 20; i++) {
    const ann = await connect(daemon, { name: `ann${i}`, room: 'empty' });
    assert.deepEqual(await ann.next(), { type: 'join', username: `ann${i}` });
    assert.deepEqual(await ann.next(), { type: 'users', users: [`ann${i}`] });
    await ann.leave();
  }
});
