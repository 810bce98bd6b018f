// Nothing is lost and nothing is doubled by whoever comes back (docs/protocol.md, "Promises"). That live events
// follow joined without a gap, and that recovered events follow since, is checked by support/member.mjs each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comeBack, journal, meet, member } from '../support/member.mjs';
import { eventually } from '../support/inbox.mjs';
import { temporaryFolder } from '../support/daemon.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ ...journal, message_rate: 0, workers: 2, max_connections_per_address: 0 });

const types = (events) => events.map(({ type }) => type);

test('who comes back gets every event that it missed, in order, then what is live', async () => {
  const room = 'missed';
  const ann = await member(daemon, 'ann', room);
  const bob = await member(daemon, 'bob', room);
  const { id } = await ann.say(room, 'before');
  await bob.until({ body: 'before' });
  await bob.drop();
  const lost = await ann.say(room, 'lost');
  await ann.ask({ type: 'edit', room, id, body: 'BEFORE' });
  await ann.ask({ type: 'react', room, id: lost.id, emoji: 'x', on: true });
  const deleted = await ann.say(room, 'soon deleted');
  await ann.ask({ type: 'delete', room, id: deleted.id });
  const again = await comeBack(daemon, bob, room);
  const { joined } = again;
  assert.equal(joined.recovered, true);
  assert.equal(joined.seq, 6);
  assert.deepEqual(types(joined.events), ['message', 'edit', 'react', 'message', 'delete']);
  assert.deepEqual(joined.users, ['ann', 'bob']);
  await ann.say(room, 'live');
  await again.until({ body: 'live' });
  for (const one of [ann, again]) await one.leave();
});

test('what is told is what those who stayed were told', async () => {
  const room = 'same';
  const ann = await member(daemon, 'ann', room);
  const bob = await member(daemon, 'bob', room);
  const { id } = await ann.say(room, 'm1');
  await ann.ask({ type: 'react', room, id, emoji: 'x', on: true });
  await ann.ask({ type: 'react', room, id, emoji: 'x', on: false });
  await ann.say(room, 'm2', { reply_to: id });
  await bob.settle(room);
  const live = bob.seen(room, 'message', 'react');
  const { epoch } = bob.joined;
  for (let seq = 0; seq <= live.length; seq++) {
    const cleo = await member(daemon, `cleo${seq}`, room, { since: { epoch, seq } });
    assert.equal(cleo.joined.recovered, true);
    assert.deepEqual(cleo.joined.events, live.slice(seq));
    await cleo.leave();
  }
  for (const one of [ann, bob]) await one.leave();
});

test('nobody is told recovered without proof: another epoch, a seq that never was', async () => {
  const room = 'proof';
  const ann = await member(daemon, 'ann', room);
  for (let i = 1; i <= 5; i++) await ann.say(room, `m${i}`);
  const { epoch } = ann.joined;
  for (const since of [
    { epoch: `${epoch}0`, seq: 3 }, { epoch: 'x', seq: 3 }, { epoch: '', seq: 3 }, { epoch: '1', seq: 0 },
    { epoch: epoch.toUpperCase() === epoch ? `0${epoch}` : epoch.toUpperCase(), seq: 5 },
    { epoch, seq: 6 }, { epoch, seq: Number.MAX_SAFE_INTEGER },
  ])
    for (const last of [undefined, 2]) {
      const eve = await member(daemon, 'eve', room, { since, last });
      assert.equal(eve.joined.recovered, false, JSON.stringify(since));
      assert.deepEqual(eve.joined.events.map(({ body }) => body), last ? ['m4', 'm5'] : []);
      assert.equal(eve.joined.seq, 5);
      await eve.leave();
    }
  await ann.leave();
});

test('what was deleted is told to nobody who comes back, nor what an edit had made of it', async () => {
  const room = 'secrets';
  const ann = await member(daemon, 'ann', room);
  const { epoch } = ann.joined;
  await ann.say(room, 'open');
  const { id } = await ann.say(room, 'secret');
  await ann.ask({ type: 'edit', room, id, body: 'still secret' });
  await ann.say(room, 'open too');
  await ann.ask({ type: 'delete', room, id });
  await ann.say(room, 'and on');
  for (let seq = 0; seq <= 6; seq++) {
    const bob = await member(daemon, 'bob', room, { since: { epoch, seq } });
    assert.equal(bob.joined.recovered, true);
    assert.deepEqual(types(bob.joined.events), ['message', 'message', 'edit', 'message', 'delete', 'message'].slice(seq));
    for (const { body = '', seq: at } of bob.joined.events)
      assert.equal(body, { 1: 'open', 4: 'open too', 6: 'and on' }[at] ?? '');
    await bob.leave();
  }
  await ann.leave();
});

test('who missed nothing gets nothing, and that is recovered too', async () => {
  const room = 'nothing';
  const ann = await member(daemon, 'ann', room);
  let bob = await member(daemon, 'bob', room);
  for (let i = 0; i < 3; i++) {
    await bob.drop();
    bob = await comeBack(daemon, bob, room, { last: 50 });
    assert.equal(bob.joined.recovered, true);
    assert.deepEqual(bob.joined.events, []);
    await ann.say(room, `m${i}`);
    await bob.until({ body: `m${i}` });
  }
  for (const one of [ann, bob]) await one.leave();
});

test('recovery reaches back further than what is kept at hand', async () => {
  const room = 'far';
  const ann = await member(daemon, 'ann', room);
  const { epoch } = ann.joined;
  const acks = [];
  /* less than what a room in memory keeps, more bytes than are kept at hand */
  for (let i = 1; i <= 900; i++) acks.push(ann.say(room, `m${i} ${'x'.repeat(1000)}`));
  await Promise.all(acks);
  const bob = await member(daemon, 'bob', room, { since: { epoch, seq: 10 } });
  assert.equal(bob.joined.recovered, true);
  assert.equal(bob.joined.events.length, 890);
  for (const one of [ann, bob]) await one.leave();
});

/* What one is given counts as requests as well: an hour of a busy room must leave some of them. */
test('who comes back after an hour can talk at once', async (t) => {
  const own = await serveFor(t, { ...journal, max_connections_per_address: 0 });
  const room = 'hour';
  const speakers = await Promise.all(Array.from({ length: 8 }, (_, i) => member(own, `ann${i}`, room)));
  const { epoch } = speakers[0].joined;
  await Promise.all(speakers.flatMap((ann) =>
    Array.from({ length: 125 }, () => ann.say(room, 'x'.repeat(200)))));
  const bob = await member(own, 'bob', room, { since: { epoch, seq: 0 } });
  assert.equal(bob.joined.events.length, 1000);
  for (let i = 0; i < 100; i++) await bob.say(room, `m${i}`);
  for (const one of [...speakers, bob]) await one.leave();
});

/* long ones only the journal has, short ones the server could have at hand as well */
for (const length of [16000, 10])
  test(`what was cut off is not recovered, and what is left is (${length} characters)`, async (t) => {
    const own = await serveFor(t, { journal: 'memory', history_max_messages: 20, message_rate: 0 });
    const room = 'cut';
    const ann = await member(own, 'ann', room);
    const { epoch } = ann.joined;
    for (let i = 1; i <= 100; i++) await ann.say(room, `m${i} ${'x'.repeat(length)}`);
    for (const [seq, recovered] of [[0, false], [50, false], [79, false], [80, true], [81, true], [100, true]]) {
      const bob = await member(own, `bob${seq}`, room, { since: { epoch, seq } });
      assert.equal(bob.joined.recovered, recovered, `since ${seq}`);
      assert.equal(bob.joined.events.length, recovered ? 100 - seq : 0);
      await bob.leave();
    }
  });

/* Somebody is in the room all the time, so the server has what was said at hand as well. */
for (const [limit, kept] of [[{ history_max_age: '1s' }, 0], [{ history_max_messages: 3 }, 3]])
  test(`what retention has removed is told to nobody who comes back (${Object.keys(limit)})`, async (t) => {
    const own = await serveFor(t, { state_dir: temporaryFolder('retention'), message_rate: 0, ...limit });
    const room = 'retention';
    const ann = await member(own, 'ann', room);
    const { epoch } = ann.joined;
    for (let i = 1; i <= 10; i++) await ann.say(room, `m${i}`);
    const history = async () => (await ann.ask({ type: 'history', room })).messages.length;
    await eventually(async () => (await history()) === kept, 'retention has done its work');
    for (const [seq, recovered] of [[0, false], [9 - kept, false], [10 - kept, true], [10, true]]) {
      const bob = await member(own, `bob${seq}`, room, { since: { epoch, seq } });
      assert.equal(bob.joined.recovered, recovered, `since ${seq}`);
      assert.equal(bob.joined.events.length, recovered ? 10 - seq : 0);
      await bob.leave();
    }
  });

test('all rooms of a connection are recovered one by one', async () => {
  const rooms = ['r1', 'r2', 'r3'];
  const ann = await member(daemon, 'ann', 'r1');
  const bob = await member(daemon, 'bob', 'r1');
  for (const room of ['r2', 'r3']) for (const one of [ann, bob]) await one.join(room);
  await bob.drop();
  for (const room of rooms) for (let i = 0; i < 5; i++) await ann.say(room, `${room} ${i}`);
  const again = await comeBack(daemon, bob, 'r1');
  for (const room of ['r2', 'r3']) {
    const { recovered, events } = await again.join(room, { since: { ...bob.rooms.get(room) } });
    assert.equal(recovered, true);
    assert.equal(events.length, 5);
  }
  assert.deepEqual(ann.frames.filter(({ type, username }) => type === 'leave' && username === 'bob'), []);
  for (const one of [ann, again]) await one.leave();
});

test('a joiner gets nothing twice, not even what was said in the moment in which it joined', async (t) => {
  const own = await serveFor(t, { journal: 'memory', workers: 1, message_rate: 0 });
  const room = 'moment';
  const ann = await member(own, 'ann', room);
  const { epoch } = ann.joined;
  for (let round = 0; round < 10; round++) {
    const joiners = [await meet(own), await meet(own)];
    const wishes = [{ since: { epoch, seq: ann.rooms.get(room).seq } }, {}];
    process.kill(own.pid, 'SIGSTOP'); /* so that all of it meets in one turn of its loop */
    for (const [who, request] of [
      [ann, { type: 'message', body: `${round}` }],
      ...joiners.map((one, i) => [one, { type: 'join', username: `joiner${i}-${round}`, ...wishes[i] }]),
    ])
      await who.sent({ ...request, room });
    process.kill(own.pid, 'SIGCONT');
    for (const one of joiners) await one.until({ type: 'joined' });
    await ann.say(room, 'and after');
    /* support/member.mjs sees to it that each event follows the one before */
    for (const one of joiners) await one.until({ body: 'and after' });
    const told = [...joiners[0].frames.find(({ type }) => type === 'joined').events, ...joiners[0].seen(room, 'message')];
    assert.deepEqual(told.map(({ body }) => body), [`${round}`, 'and after']);
    await ann.until({ body: 'and after' });
    for (const one of joiners) {
      const { users } = one.frames.find(({ type }) => type === 'joined');
      for (const { username } of one.seen(room, 'join'))
        assert.ok(username === one.name || !users.includes(username), `${one.name} was told twice of ${username}`);
      await one.leave();
    }
  }
});

/* The race that matters: reading the log while it grows, and joining in between. */
test('readers who come and go at random while a room is busy end with exactly the log', async () => {
  const room = 'busy';
  const writers = await Promise.all(['w1', 'w2'].map((name) => member(daemon, name, room)));
  const log = [];
  let isOver = false;
  const write = async (writer) => {
    for (let i = 0; !isOver; i++) {
      const burst = Array.from({ length: 20 }, (_, k) => writer.say(room, `${writer.name} ${i} ${k} ${'x'.repeat(k * 40)}`));
      for (const ack of await Promise.all(burst)) log.push(ack);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const writing = writers.map(write);
  const read = async (name) => {
    const got = new Map();
    let reader = await member(daemon, name, room, { since: { epoch: writers[0].joined.epoch, seq: 0 } });
    let events = 0;
    for (let round = 0; round < 15; round++) {
      await reader.until(({ type }) => type === 'message' && Math.random() < 0.02 / (1 + round / 5));
      await reader.drop();
      /* what it had when the cable was cut is what it goes on from */
      collect(reader, got);
      reader = await comeBack(daemon, reader, room);
      assert.equal(reader.joined.recovered, true);
      events += reader.joined.events.length;
    }
    return { name, got, reader, events };
  };
  const collect = (reader, got) => {
    for (const frame of reader.frames)
      for (const event of frame.type === 'joined' ? frame.events : [frame])
        if (event.type === 'message') {
          assert.equal(got.has(event.seq), false, `${event.seq} twice`);
          got.set(event.seq, `${event.id} ${event.body.length}`);
        }
  };
  const readers = await Promise.all(['r1', 'r2', 'r3'].map(read));
  isOver = true;
  await Promise.all(writing);
  const newest = Math.max(...log.map(({ seq }) => seq));
  assert.deepEqual(log.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: newest }, (_, i) => i + 1));
  for (const { got, reader, events } of readers) {
    if (reader.rooms.get(room).seq < newest) await reader.until({ seq: newest });
    await reader.leave();
    collect(reader, got);
    assert.equal(got.size, newest);
    assert.ok(events > 0, 'nothing was ever missed: the test shows nothing');
    for (const { seq, id } of log) assert.ok(got.get(seq).startsWith(`${id} `), `${seq}`);
  }
  for (const writer of writers) await writer.leave();
});

test('a crowd that comes back at once is recovered, each of it', async () => {
  const room = 'crowd';
  const ann = await member(daemon, 'ann', room);
  const crowd = await Promise.all(Array.from({ length: 50 }, (_, i) => member(daemon, `m${i}`, room)));
  await Promise.all(crowd.map((one) => one.drop()));
  for (let i = 0; i < 100; i++) await ann.say(room, `while away ${i}`);
  const back = await Promise.all(crowd.map((one) => comeBack(daemon, one, room)));
  for (const one of back) {
    assert.equal(one.joined.recovered, true);
    assert.equal(one.joined.events.length, 100);
  }
  await Promise.all(back.map((one) => one.leave()));
  await ann.leave();
});

test('a message that was acknowledged to nobody is stored or not, but never twice', async () => {
  const room = 'unknown-fate';
  const ann = await member(daemon, 'ann', room);
  for (let i = 0; i < 30; i++) {
    const bob = await member(daemon, 'bob', room, { last: 1 });
    for (let k = 0; k < 5; k++) bob.send({ type: 'message', room, body: `${i} ${k}`, cid: `${i} ${k}` });
    bob.socket._socket.destroySoon?.();
    await bob.end();
    const again = await comeBack(daemon, bob, room);
    for (let k = 0; k < 5; k++) await again.say(room, `${i} ${k}`, { cid: `${i} ${k}` });
    await again.leave();
  }
  await ann.settle(room);
  const said = ann.seen(room, 'message').map(({ body }) => body).filter((body) => body !== 'settle');
  assert.equal(said.length, 150);
  assert.equal(new Set(said).size, 150);
  await ann.leave();
});

/* ---- the server's own end ---- */

for (const signal of ['SIGTERM', 'SIGKILL'])
  test(`after ${signal} and a new start those who come back have lost nothing (history in a file)`, async (t) => {
    const options = { journal: 'sqlite', state_dir: temporaryFolder('restart'), message_rate: 0, drain_time: '100ms' };
    const room = 'restart';
    const { start } = await import('../support/daemon.mjs');
    const first = await start(options, { t });
    const ann = await member(first, 'ann', room);
    const bob = await member(first, 'bob', room);
    const acks = [];
    for (let i = 0; i < 200; i++)
      ann.request({ type: 'message', room, body: `m${i}`, cid: `m${i}` }).then(
        (answer) => answer.type === 'ack' && acks.push(answer),
        () => {},
      );
    await eventually(() => acks.length >= 50, 'some messages are acknowledged');
    await first.stop(signal);
    await Promise.all([ann.end(), bob.end()]);
    const second = await serveFor(t, options);
    const back = await comeBack(second, bob, room);
    assert.equal(back.joined.epoch, bob.joined.epoch);
    assert.equal(back.joined.recovered, true);
    const seqs = new Map(
      [...bob.seen(room, 'message'), ...back.joined.events].map(({ seq, id }) => [seq, id]),
    );
    for (const { seq, id } of acks) assert.equal(seqs.get(seq), id, 'what was acknowledged is there');
    const again = await comeBack(second, ann, room);
    for (let i = 0; i < 200; i++) {
      const ack = await again.say(room, `m${i}`, { cid: `m${i}` });
      const known = acks.find(({ cid }) => cid === `m${i}`);
      if (known) assert.deepEqual(ack, { ...known, dup: true });
    }
    const { messages } = await again.ask({ type: 'history', room, limit: 200 });
    assert.deepEqual(messages.map(({ body }) => body).sort(), Array.from({ length: 200 }, (_, i) => `m${i}`).sort());
  });

test('after a new start of a server that keeps nothing the epoch is another, and nobody is told recovered', async (t) => {
  const { start } = await import('../support/daemon.mjs');
  const options = { journal: 'memory', drain_time: '100ms' };
  const first = await start(options, { t });
  const ann = await member(first, 'ann', 'x');
  await ann.say('x', 'hello');
  await first.stop();
  await ann.end();
  const second = await serveFor(t, options);
  const again = await comeBack(second, ann, 'x');
  assert.equal(again.joined.recovered, false);
  assert.notEqual(again.joined.epoch, ann.joined.epoch);
  assert.equal(again.joined.seq, 0);
  assert.equal((await meet(second)).hello.version, 2);
});
