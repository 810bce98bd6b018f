// Who is here: snapshots in join order, collapsed in bursts, and true in the end (docs/protocol.md, "v1").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { encode, rawJoin, upgrade } from '../support/rawws.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ workers: 2, message_rate: 0, max_connections_per_address: 0 });

const names = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

async function joinInTurn(list, room) {
  const people = [];
  for (const name of list) people.push(await rawJoin(daemon, name, room));
  return people;
}

const people = (users) => (event) => event.type === 'users' && JSON.stringify(event.users) === JSON.stringify(users);

test('users has exactly its two fields and lists people in the order they joined', async () => {
  const room = 'order';
  const [cleo, ann, bob] = await joinInTurn(['cleo', 'Ann', 'bob'], room);
  for (const wire of [cleo, ann, bob])
    assert.deepEqual(await wire.event(people(['cleo', 'Ann', 'bob'])), { type: 'users', users: ['cleo', 'Ann', 'bob'] });
  ann.destroy();
  await cleo.event(people(['cleo', 'bob']));
  const again = await rawJoin(daemon, 'ann', room);
  await cleo.event(people(['cleo', 'bob', 'ann']));
  for (const wire of [cleo, bob, again]) wire.destroy();
});

test('a joiner learns who was there before it, and sees nothing from before its join', async () => {
  const room = 'before';
  const ann = await join(daemon, 'ann', { room });
  ann.say('before');
  await ann.until({ body: 'before' });
  const bob = await rawJoin(daemon, 'bob', room);
  assert.deepEqual((await bob.event((e) => e.type === 'users')).users, ['ann', 'bob']);
  ann.say('after');
  assert.equal((await bob.event((e) => e.type === 'message')).body, 'after');
  bob.destroy();
  await ann.leave();
});

test('a joiner sees nothing from before its join, not even what came in the same moment', async (t) => {
  const own = await serveFor(t, { workers: 1, message_rate: 0 });
  const ann = await rawJoin(own, 'ann');
  for (let round = 0; round < 10; round++) {
    const [bob, cleo] = [await upgrade(own, '/ws'), await upgrade(own, '/ws')];
    const joinOf = (name) => ({ type: 'join', username: `${name}${round}` });
    process.kill(own.pid, 'SIGSTOP'); /* so that the three meet in one turn of its loop */
    for (const [wire, request] of [
      [ann, { type: 'message', body: 'before' }],
      [bob, joinOf('bob')],
      [cleo, joinOf('cleo')],
    ])
      await new Promise((sent) => wire.socket.write(encode({ payload: JSON.stringify(request) }), sent));
    process.kill(own.pid, 'SIGCONT');
    assert.deepEqual(await cleo.event(), joinOf('cleo'));
    assert.deepEqual(await bob.event(), joinOf('bob'));
    for (const wire of [bob, cleo]) {
      wire.destroy();
      await ann.event((e) => e.type === 'leave');
    }
  }
});

test('every member sees joins and leaves in one order, on whatever worker it is', async () => {
  const room = 'ordered';
  const watchers = await joinInTurn(names('watcher', 4), room);
  const guests = await Promise.all(names('guest', 20).map((name) => rawJoin(daemon, name, room)));
  guests.forEach((guest, i) => (i % 2 ? guest.reset() : guest.destroy()));
  const orders = await Promise.all(
    watchers.map(async (watcher) => {
      const seen = [];
      while (seen.length < 40)
        seen.push(await watcher.event((e) => e.type !== 'users' && e.username.startsWith('guest'), `40 events, have ${seen.length}`));
      return seen.map((event) => `${event.type} ${event.username}`);
    }),
  );
  for (const order of orders) assert.deepEqual(order, orders[0]);
  assert.equal(new Set(orders[0]).size, 40, 'each once');
  for (const watcher of watchers) watcher.destroy();
});

test('a burst of joins is told in fewer snapshots than joins, and the last one is the truth', async () => {
  const room = 'burst';
  const ann = await rawJoin(daemon, 'ann', room);
  const crowd = await Promise.all(names('guest', 100).map((name) => rawJoin(daemon, name, room)));
  const order = ['ann'];
  let snapshots = 0;
  let last = [];
  while (last.length < 101) {
    const event = await ann.event();
    if (event.type === 'join') order.push(event.username);
    if (event.type === 'users') {
      snapshots++;
      last = event.users;
      assert.deepEqual(last, ['ann', ...order.slice(1)].slice(0, last.length), 'a snapshot is the join order so far');
    }
  }
  assert.ok(snapshots < 100, `${snapshots} snapshots for 100 joins`);
  for (const wire of crowd)
    await wire.event((e) => e.type === 'users' && e.users.length === 101 && JSON.stringify(e.users) === JSON.stringify(last));
  for (const wire of [ann, ...crowd]) wire.destroy();
});

test('with more than 256 members a snapshot goes to joiners only; joins and leaves go to all', async () => {
  const room = 'crowd';
  const crowd = await joinInTurn(names('guest', 256), room);
  const first = crowd[0];
  await first.event((e) => e.type === 'users' && e.users.length === 256, 'the snapshot with all 256');
  const late = [];
  for (let i = 0; i < 5; i++) {
    const wire = await rawJoin(daemon, `late${i}`, room);
    late.push(wire);
    const { users } = await wire.event((e) => e.type === 'users', `the snapshot for late${i}`);
    assert.equal(users.length, 257 + i);
    assert.equal(users.at(-1), `late${i}`);
  }
  const seen = [];
  while (seen.at(-1)?.username !== 'late4') seen.push(await first.event());
  assert.deepEqual(
    seen,
    names('late', 5).map((username) => ({ type: 'join', username })),
    'no snapshot for a member that was here already',
  );
  late[0].reset();
  assert.deepEqual(await first.event(), { type: 'leave', username: 'late0' });
  for (const guest of crowd.slice(200)) guest.destroy();
  const { users } = await first.event((e) => e.type === 'users', 'snapshots again once the room is small');
  assert.ok(users.length <= 256);
  for (const wire of [...crowd, ...late]) wire.destroy();
});

test('after a while of people coming and going at random all who stay hold the same true list', async () => {
  const room = 'churn';
  const watcher = await rawJoin(daemon, 'watcher', room);
  const here = new Map();
  let random = 1;
  const dice = (sides) => ((random = (random * 48271) % 2147483647), random % sides);
  for (let round = 0; round < 30; round++) {
    const coming = [];
    for (let i = 0; i < 8; i++) {
      const name = `p${dice(40)}`;
      const wire = here.get(name);
      if (wire === undefined) {
        here.set(name, null); /* is coming */
        coming.push(rawJoin(daemon, name, room).then((joined) => here.set(name, joined), () => here.delete(name)));
      } else if (wire !== null) {
        here.delete(name);
        [() => wire.reset(), () => wire.destroy(), () => wire.send({ opcode: 8 })][dice(3)]();
      }
    }
    await Promise.all(coming);
  }
  /* The truth by the one order of events: who joined and did not leave after it. */
  const last = await rawJoin(daemon, 'last', room);
  const present = ['watcher'];
  let users = [];
  const isTruth = () => JSON.stringify(users) === JSON.stringify(present);
  const wanted = () => [...here.keys(), 'watcher', 'last'].sort().join();
  while (!(isTruth() && [...users].sort().join() === wanted())) {
    const event = await watcher.event(undefined, `the true list; have ${users}; want ${wanted()}`);
    if (event.type === 'join') present.push(event.username);
    if (event.type === 'leave') present.splice(present.indexOf(event.username), 1);
    if (event.type === 'users') users = event.users;
  }
  for (const wire of [...here.values(), last])
    await wire.event((e) => e.type === 'users' && JSON.stringify(e.users) === JSON.stringify(users), 'the same list for all');
  for (const wire of [...here.values(), last, watcher]) wire.destroy();
});
