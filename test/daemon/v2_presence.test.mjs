// Who is here when links break: names that are held, taking one's own name back, leaving (docs/protocol.md, "v2").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { comeBack, journal, meet, member } from '../support/member.mjs';
import { serve, serveFor } from '../support/serve.mjs';

/* Names are held for as long as a test can take, so that no test depends on how fast it is. */
const daemon = serve({ ...journal, message_rate: 0, workers: 2, hold_time: '10m' });
const brief = serve({ ...journal, message_rate: 0, workers: 2, hold_time: '300ms' });

const presence = (frames) => frames.filter(({ type }) => type === 'join' || type === 'leave' || type === 'users');

test('a broken link and a return within the hold: nobody notices, and the order of people stays', async () => {
  const room = 'flap';
  const ann = await member(daemon, 'ann', room);
  const bob = await member(daemon, 'bob', room);
  const old = await join(daemon, 'old', { room });
  await ann.until({ type: 'join', username: 'old' });
  await bob.drop();
  const again = await comeBack(daemon, bob, room);
  assert.deepEqual(again.joined.users, ['ann', 'bob', 'old']);
  assert.equal(again.joined.key, bob.key);
  await again.say(room, 'back');
  assert.deepEqual(presence(await ann.settle(room)), []);
  assert.deepEqual(await old.settle().then((seen) => seen.filter(({ type }) => type === 'join' || type === 'leave')), []);
  await old.leave();
  for (const one of [ann, again]) await one.leave();
});

test('while the name is held it is listed, and is nobody else\'s', async () => {
  const room = 'held';
  const ann = await member(daemon, 'ann', room);
  const bob = await member(daemon, 'bob', room);
  await ann.until({ type: 'join', username: 'bob' });
  await bob.drop();
  for (const key of [undefined, 'x', 'x'.repeat(32), ann.key, `${bob.key}0`, bob.key.slice(0, -1), '']) {
    const eve = await meet(daemon);
    await eve.refused({ type: 'join', room, username: 'bob', key }, 'username_taken');
    assert.equal((await eve.end()).code, 4409);
  }
  const { users, count } = await ann.ask({ type: 'users', room });
  assert.deepEqual(users, ['ann', 'bob']);
  assert.equal(count, 2);
  const again = await member(daemon, 'BOB', room, { key: bob.key });
  assert.deepEqual(presence(await ann.settle(room)), [], 'the return in another spelling is none either');
  for (const one of [ann, again]) await one.leave();
});

test('when the hold is over the others are told: timeout', async () => {
  const room = 'timeout';
  const ann = await member(brief, 'ann', room);
  const old = await join(brief, 'old', { room });
  const bob = await member(brief, 'bob', room);
  await bob.drop();
  const left = await ann.until({ type: 'leave' });
  assert.deepEqual(left, { type: 'leave', room, username: 'bob', ts: left.ts, count: 2, reason: 'timeout' });
  assert.deepEqual(await old.until({ type: 'leave' }), { type: 'leave', username: 'bob' });
  const eve = await member(brief, 'bob', room);
  await ann.until({ type: 'join', username: 'bob' });
  await old.leave();
  for (const one of [ann, eve]) await one.leave();
});

test('who comes back after the hold is a newcomer who has missed nothing', async () => {
  const room = 'late';
  const ann = await member(brief, 'ann', room);
  const bob = await member(brief, 'bob', room);
  await bob.drop();
  await ann.until({ type: 'leave', username: 'bob' });
  await ann.say(room, 'where are you?');
  const again = await comeBack(brief, bob, room);
  assert.equal(again.joined.recovered, true);
  assert.deepEqual(again.joined.events.map(({ body }) => body), ['where are you?']);
  await ann.until({ type: 'join', username: 'bob' });
  for (const one of [ann, again]) await one.leave();
});

test('who says goodbye has left at once: a clean close, or leave', async () => {
  const room = 'goodbye';
  const ann = await member(daemon, 'ann', room);
  for (const go of [(bob) => bob.leave(), (bob) => bob.ask({ type: 'leave', room })]) {
    const bob = await member(daemon, 'bob', room);
    await ann.until({ type: 'join', username: 'bob' });
    await go(bob);
    assert.equal((await ann.until({ type: 'leave' })).reason, 'quit');
    const other = await member(daemon, 'bob', room);
    await other.leave();
    await ann.until({ type: 'leave' });
    await bob.drop();
  }
  await ann.leave();
});

test('version 1 is never held', async () => {
  const room = 'v1';
  const ann = await member(daemon, 'ann', room);
  const old = await join(daemon, 'old', { room });
  await ann.until({ type: 'join', username: 'old' });
  old.destroy();
  await ann.until({ type: 'leave', username: 'old' });
  await ann.leave();
});

test('with the key a name is taken from one\'s own live connection: that one gets bye and 4410, nobody else a thing', async () => {
  const room = 'take-over';
  const ann = await member(daemon, 'ann', room);
  const bob = await member(daemon, 'bob', room);
  await bob.join('take-over-too');
  await ann.until({ type: 'join', username: 'bob' });
  const again = await comeBack(daemon, bob, room);
  assert.deepEqual(again.joined.users, ['ann', 'bob']);
  assert.equal((await bob.end()).code, 4410);
  const bye = bob.frames.at(-1);
  assert.deepEqual(bye, { type: 'bye', code: 4410, reason: bye.reason, reconnect: false, retry_after: 0 });
  await again.say(room, 'me again');
  assert.deepEqual(presence(await ann.settle(room)), []);
  await ann.join('take-over-too');
  assert.deepEqual((await ann.ask({ type: 'users', room: 'take-over-too' })).users, ['bob', 'ann'], 'still held there');
  const there = await again.join('take-over-too');
  assert.deepEqual(there.users, ['bob', 'ann']);
  for (const one of [ann, again]) await one.leave();
});

test('the holder of a name notices nothing of those who try to take it', async () => {
  const room = 'attempts';
  const ann = await member(daemon, 'ann', room);
  for (let i = 0; i < 20; i++) {
    const eve = await meet(daemon);
    await eve.refused({ type: 'join', room, username: 'ann', key: 'f'.repeat(32) }, 'username_taken');
    await eve.end();
  }
  assert.deepEqual(await ann.settle(room).then((seen) => seen.filter(({ username }) => username !== 'ann')), []);
  await ann.leave();
});

test('taken over again and again, by connections that cross: one is left, and it is a member', async () => {
  const room = 'crossing';
  const ann = await member(daemon, 'ann', room);
  const first = await member(daemon, 'bob', room);
  await ann.until({ type: 'join', username: 'bob' });
  const others = await Promise.all(Array.from({ length: 20 }, () => meet(daemon)));
  const since = { ...first.rooms.get(room) };
  const outcomes = await Promise.all(others.map((one) => one.join(room, { username: 'bob', key: first.key, since })));
  assert.equal(outcomes.length, 20);
  const ends = await Promise.all([first, ...others].map((one) => Promise.race([one.closed, one.ask({ type: 'ping' }).catch(() => one.closed)])));
  const alive = [first, ...others].filter((_, i) => ends[i].type === 'pong');
  const really = [];
  for (const one of alive)
    if (await one.ask({ type: 'users', room }).then(() => true, () => false)) really.push(one);
  assert.equal(really.length, 1);
  await really[0].say(room, 'I am the one');
  await ann.until({ body: 'I am the one' });
  assert.deepEqual(presence(ann.frames).filter(({ username }) => username === 'bob').map(({ type }) => type), ['join']);
  for (const one of [ann, really[0]]) await one.leave();
});

test('a room is not lost while a name is held in it', async () => {
  const room = 'alone';
  const ann = await member(brief, 'ann', room);
  await ann.say(room, 'x');
  await ann.drop();
  const again = await comeBack(brief, ann, room);
  assert.equal(again.joined.recovered, true);
  await again.leave();
  const bob = await member(brief, 'bob', room);
  assert.deepEqual(bob.joined.users, ['bob']);
  await bob.drop();
  const cleo = await member(brief, 'cleo', room);
  assert.equal((await cleo.ask({ type: 'users', room })).users.at(-1), 'cleo');
  await cleo.leave();
});

test('hold_time 0 holds nothing', async (t) => {
  const own = await serveFor(t, { ...journal, hold_time: 0 });
  const ann = await member(own, 'ann', 'x');
  const bob = await member(own, 'bob', 'x');
  await bob.drop();
  const left = await ann.until({ type: 'leave', username: 'bob' });
  assert.equal(left.reason, 'timeout');
});
