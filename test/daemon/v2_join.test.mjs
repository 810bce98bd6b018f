// Coming in and going out with chat.v2 (docs/protocol.md, "v2"). Every frame is held against its table of
// fields by support/member.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { connect, join } from '../support/chat.mjs';
import { journal, meet, member } from '../support/member.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ ...journal, message_rate: 0, max_rooms: 4, workers: 2 });

test('hello comes first and tells the limits as they are set', async (t) => {
  const own = await serveFor(t, {
    ...journal, server_name: 'Tea House', max_body: 1000, max_frame: 5000, message_rate: 7, max_rooms: 3,
    ping_interval: '21s', ping_timeout: '9s',
  });
  const ann = await meet(own);
  assert.deepEqual(ann.frames[0], ann.hello);
  const { build } = ann.hello;
  assert.deepEqual(ann.hello, {
    type: 'hello', version: 2, server: 'Tea House', build, auth: 'none',
    limits: { body: 1000, frame: 5000, rate: 7, rooms: 3 },
    ping: { interval: 21000, timeout: 9000 },
  });
  assert.equal((await meet(own)).hello.build, build);
});

test('chat.v2 is spoken with whoever offers it, chat with all others', async () => {
  for (const [offered, chosen] of [
    [['chat.v2'], 'chat.v2'],
    [['chat.v2', 'chat'], 'chat.v2'],
    [['chat'], 'chat'],
    [[], ''],
  ]) {
    const socket = new WebSocket(`ws://127.0.0.1:${daemon.port}/ws?username=ann&room=versions`, offered);
    const first = await new Promise((resolve) => socket.once('message', (data) => resolve(JSON.parse(data))));
    assert.equal(socket.protocol, chosen);
    assert.equal(first.type, chosen === 'chat.v2' ? 'hello' : 'join');
    socket.close(1000);
    await new Promise((resolve) => socket.once('close', resolve));
  }
});

test('a leave that comes with its join is answered after it, and everybody else sees both', async () => {
  const bob = await member(daemon, 'bob', 'in-and-out');
  for (let i = 0; i < 20; i++) {
    const ann = await meet(daemon);
    ann.socket._socket.cork(); /* both in one segment */
    ann.send({ type: 'join', room: 'in-and-out', username: 'ann', cid: 'in' });
    ann.send({ type: 'leave', room: 'in-and-out', cid: 'out' });
    ann.socket._socket.uncork();
    const left = await ann.until({ type: 'left' });
    assert.equal(left.cid, 'out');
    const told = ann.frames.filter(({ type }) => type !== 'join').map(({ type, cid }) => [type, cid]);
    assert.deepEqual(told, [['hello', undefined], ['joined', 'in'], ['left', 'out']]);
    await ann.leave();
  }
  await bob.settle('in-and-out');
  assert.deepEqual(
    bob.frames.filter(({ type, username }) => username === 'ann' && ['join', 'leave'].includes(type)).map(({ type }) => type),
    Array.from({ length: 20 }, () => ['join', 'leave']).flat(),
  );
  await bob.leave();
});

test('the first join signs in, and its answer comes before anything else of the room', async () => {
  const ann = await meet(daemon);
  const joined = await ann.join('TEA', { username: '  Ann  Onym ' });
  assert.deepEqual(joined, {
    type: 'joined', cid: joined.cid, room: 'tea', username: 'Ann Onym', key: joined.key, epoch: joined.epoch, seq: 0,
    recovered: false, events: [], users: ['Ann Onym'], count: 1,
  });
  assert.ok(joined.key.length >= 16, 'a secret');
  assert.deepEqual(ann.frames.slice(0, 2), [ann.hello, joined]);
  const bob = await member(daemon, 'bob', 'tea');
  assert.deepEqual(bob.joined.users, ['Ann Onym', 'bob']);
  assert.equal(bob.joined.count, 2);
  assert.equal(bob.joined.epoch, joined.epoch);
  assert.notEqual(bob.joined.key, joined.key);
  await bob.leave();
  await ann.leave();
});

test('without a room it is the lobby, without a cid the answer has none', async () => {
  const ann = await meet(daemon);
  ann.send({ type: 'join', username: 'ann' });
  const joined = await ann.until({ type: 'joined' });
  assert.equal(joined.room, 'lobby');
  assert.equal('cid' in joined, false);
  await ann.leave();
});

test('those who are here learn of joins and leaves, with reason and count; version 1 as ever', async () => {
  const room = 'presence';
  const ann = await member(daemon, 'ann', room);
  const old = await join(daemon, 'old', { room });
  await ann.until({ type: 'join', username: 'old' });
  const before = Date.now();
  const bob = await member(daemon, 'bob', room);
  const event = await ann.until({ type: 'join', username: 'bob' });
  assert.deepEqual(event, { type: 'join', room, username: 'bob', ts: event.ts, count: 3 });
  assert.ok(Math.abs(event.ts - before) < 60_000);
  assert.deepEqual(await old.until({ type: 'join', username: 'bob' }), { type: 'join', username: 'bob' });
  await old.until({ type: 'users', users: ['ann', 'old', 'bob'] });
  assert.deepEqual(await bob.ask({ type: 'leave', room, cid: 'x' }), { type: 'left', cid: 'x', room });
  const left = await ann.until({ type: 'leave' });
  assert.deepEqual(left, { type: 'leave', room, username: 'bob', ts: left.ts, count: 2, reason: 'quit' });
  assert.deepEqual(await old.until({ type: 'leave' }), { type: 'leave', username: 'bob' });
  await ann.say(room, 'are you there?');
  await bob.join(room);
  assert.deepEqual(bob.seen(room, 'message'), [], 'nothing of what was said while it was away');
  await old.leave();
  await ann.until({ type: 'leave', username: 'old', reason: 'quit' });
  for (const one of [ann, bob]) await one.leave();
});

test('one connection in several rooms: each has its own people, order and messages', async () => {
  const ann = await member(daemon, 'ann', 'one');
  const bob = await member(daemon, 'bob', 'one');
  const joined = await ann.join('two');
  assert.equal(joined.username, 'ann');
  assert.equal(joined.key, ann.joined.key);
  assert.deepEqual(joined.users, ['ann']);
  await ann.say('two', 'of two');
  await ann.say('one', 'of one');
  const cleo = await member(daemon, 'cleo', 'two');
  await cleo.say('two', 'for ann');
  await ann.until({ type: 'message', room: 'two', body: 'for ann' });
  await bob.settle('one');
  assert.deepEqual(bob.seen('one', 'message').map(({ body }) => body), ['of one', 'settle']);
  assert.deepEqual(bob.frames.filter(({ room }) => room === 'two'), []);
  await ann.ask({ type: 'leave', room: 'one' });
  await bob.until({ type: 'leave', username: 'ann' });
  await cleo.say('two', 'still here?');
  await ann.until({ body: 'still here?' });
  for (const one of [ann, bob, cleo]) await one.leave();
});

test('the same name may be in two rooms, but not twice in one', async () => {
  const ann = await member(daemon, 'ann', 'here');
  const other = await member(daemon, 'ann', 'there');
  const error = await other.refused({ type: 'join', room: 'here' }, 'username_taken');
  assert.equal(error.room, 'here');
  await other.say('there', 'the connection lives on');
  assert.deepEqual(await ann.settle('here').then((seen) => seen.filter(({ type }) => type !== 'join')), []);
  await ann.leave();
  await other.join('here');
  await other.leave();
});

for (const [what, fields, code, close] of [
  ['a name that is taken', { username: 'ANN' }, 'username_taken', 4409],
  ['a name that is no name', { username: '' }, 'username_invalid', 4400],
  ['a name that is too long', { username: 'x'.repeat(33) }, 'username_invalid', 4400],
  ['a name with a bidi override', { username: 'a\u202eb' }, 'username_invalid', 4400],
])
  test(`a first join with ${what}: error with its code and cid, bye, close ${close}`, async () => {
    const room = 'refusals';
    const ann = await member(daemon, 'ann', room);
    const bob = await meet(daemon);
    const error = await bob.refused({ type: 'join', room, ...fields, cid: 'mine' }, code);
    assert.equal(error.cid, 'mine');
    assert.equal((await bob.end()).code, close);
    const bye = bob.frames.at(-1);
    assert.deepEqual(bye, { type: 'bye', code: close, reason: bye.reason, reconnect: false, retry_after: 0 });
    assert.deepEqual((await ann.settle(room)).filter(({ type }) => type !== 'join'), [], 'the holder notices nothing');
    await ann.leave();
  });

test('refused later joins leave the connection as it is', async () => {
  const ann = await member(daemon, 'ann', 'base');
  for (const room of ['no blanks', '', 'x'.repeat(65), 'a/b'])
    assert.equal((await ann.refused({ type: 'join', room }, 'bad_request')).retry_after, undefined);
  await ann.say('base', 'a good one');
  await ann.refused({ type: 'join', room: 'base' }, 'bad_request');
  for (const room of ['base2', 'base3', 'base4']) await ann.join(room);
  assert.equal((await ann.refused({ type: 'join', room: 'base5' }, 'room_limit')).room, 'base5');
  await ann.ask({ type: 'leave', room: 'base2' });
  await ann.join('base5');
  await ann.leave();
});

test('who does not join in time is told so, with bye and 4408', async (t) => {
  const own = await serveFor(t, { ...journal, join_timeout: '200ms' });
  const eve = await meet(own);
  assert.equal((await eve.until({ type: 'error' })).code, 'not_joined');
  assert.equal((await eve.end()).code, 4408);
  assert.equal(eve.frames.at(-1).type, 'bye');
});

test('before the first join everything about a room is not_joined, and the rest is answered', async () => {
  const eve = await meet(daemon);
  const id = '1-1-1';
  for (const request of [
    { type: 'message', body: 'x' },
    { type: 'edit', id, body: 'x' },
    { type: 'delete', id },
    { type: 'react', id, emoji: 'x', on: true },
    { type: 'history' },
    { type: 'users' },
    { type: 'leave' },
  ])
    assert.equal((await eve.refused({ ...request, room: 'lobby' }, 'not_joined')).room, 'lobby');
  await eve.refused({ type: 'search', q: 'x' }, 'not_joined');
  assert.equal((await eve.ask({ type: 'ping' })).type, 'pong');
  assert.equal((await eve.ask({ type: 'rooms' })).type, 'rooms');
  await eve.leave();
});

test('users tells who is here in join order; after 256 joined tells only the count', async (t) => {
  const own = await serveFor(t, { ...journal, max_connections_per_address: 0, message_rate: 0 });
  const names = Array.from({ length: 260 }, (_, i) => `user${i}`);
  const members = [];
  for (const name of names) members.push(await member(own, name, 'crowd'));
  const last = members.at(-1);
  assert.equal(last.joined.count, 260);
  assert.deepEqual(last.joined.users, names.slice(0, 256));
  const users = await last.ask({ type: 'users', room: 'crowd' });
  assert.deepEqual(users, { type: 'users', cid: users.cid, room: 'crowd', users: names, count: 260 });
});

test('rooms tells of rooms with people or messages', async (t) => {
  const own = await serveFor(t, { ...journal, message_rate: 0 });
  const ann = await member(own, 'ann', 'talked');
  await ann.say('talked', 'x');
  await ann.say('talked', 'x');
  await member(own, 'bob', 'talked');
  await member(own, 'cleo', 'silent');
  const { rooms } = await ann.ask({ type: 'rooms' });
  assert.deepEqual(rooms, [
    { name: 'talked', members: 2, seq: 2, topic: '' },
    { name: 'silent', members: 1, seq: 0, topic: '' },
  ]);
});

test('rooms tells of one in which nothing was said yet, however many others are occupied', async (t) => {
  const own = await serveFor(t, { ...journal, message_rate: 0, max_rooms: 300 });
  const ann = await member(own, 'ann', 'loud0');
  for (let i = 1; i < 201; i++) await ann.join(`loud${i}`);
  for (let i = 0; i < 201; i++) await ann.say(`loud${i}`, 'x');
  await member(own, 'bob', 'silent');
  const { rooms } = await ann.ask({ type: 'rooms' });
  assert.equal(rooms.length, 201);
  assert.deepEqual(rooms.at(-1), { name: 'silent', members: 1, seq: 0, topic: '' });
});

test('pong has the time and the cid', async () => {
  const ann = await meet(daemon);
  const pong = await ann.ask({ type: 'ping', cid: '\u{1f3d3}' });
  assert.equal(pong.cid, '\u{1f3d3}');
  assert.ok(Math.abs(pong.ts - Date.now()) < 60_000);
  ann.send({ type: 'ping' });
  assert.deepEqual(Object.keys(await ann.next()).sort(), ['ts', 'type']);
  await ann.leave();
});

test('a stopping server says bye, that one should come back and when, and closes with 1001', async (t) => {
  const own = await serveFor(t, { ...journal });
  const members = [await member(own, 'ann', 'x'), await member(own, 'bob', 'x')];
  const old = await connect(own, { name: 'old', room: 'x' });
  await old.until({ type: 'join', username: 'old' });
  const stopped = own.stop();
  for (const one of members) {
    assert.equal((await one.end()).code, 1001);
    const bye = one.frames.at(-1);
    assert.equal(bye.type, 'bye');
    assert.equal(bye.code, 1001);
    assert.equal(bye.reconnect, true);
    assert.ok(bye.retry_after > 0);
    assert.deepEqual(one.seen('x', 'leave'), []);
  }
  assert.equal((await old.end()).code, 1001);
  await stopped;
});
