// Delivery to all: each message to each member once, in one order, whatever the others do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { rawJoin } from '../support/rawws.mjs';
import { serve } from '../support/serve.mjs';

const daemon = serve({ workers: 2, message_rate: 0, max_connections_per_address: 0 });

// The messages that a member gets, until it has those of count that fit.
async function collect(wire, count, fits = () => true) {
  const seen = [];
  for (let found = 0; found < count; ) {
    const message = await wire.event((e) => e.type === 'message', `${count} messages, have ${found}`);
    seen.push(message);
    if (fits(message)) found++;
  }
  return seen;
}

const keyOf = (message) => `${message.id} ${message.username} ${message.body} ${message.ts}`;

function assertSame(sequences) {
  const wanted = sequences[0].map(keyOf);
  sequences.forEach((sequence, i) => assert.deepEqual(sequence.map(keyOf), wanted, `member ${i} against member 0`));
}

// Each sender's messages are all there, each once, in the order in which it sent them.
function assertWhole(sequence, senders, count) {
  assert.equal(new Set(sequence.map((m) => m.id)).size, sequence.length, 'ids are unique');
  for (const sender of senders)
    assert.deepEqual(
      sequence.filter((m) => m.username === sender).map((m) => m.body),
      Array.from({ length: count }, (_, i) => `${sender} ${i}`),
      sender,
    );
}

test('100 members on 2 workers, 5 send at once: each gets each message once and all in the same order', async () => {
  const room = 'hundred';
  const people = await Promise.all(Array.from({ length: 100 }, (_, i) => rawJoin(daemon, `p${i}`, room)));
  const senders = [0, 13, 50, 77, 99];
  for (let i = 0; i < 100; i++) for (const s of senders) people[s].say(`p${s} ${i}`);
  const sequences = await Promise.all(people.map((wire) => collect(wire, 500)));
  assertSame(sequences);
  assertWhole(sequences[0], senders.map((s) => `p${s}`), 100);
  people[0].say('last');
  for (const wire of people) assert.equal((await wire.event((e) => e.type === 'message')).body, 'last', 'and nothing twice');
  for (const wire of people) wire.destroy();
});

test('members that read and write by turns keep one order (closed loop, npm ws)', async () => {
  const room = 'loop';
  const people = [];
  for (let i = 0; i < 8; i++) people.push(await join(daemon, `p${i}`, { room }));
  const ROUNDS = 25;
  const sequences = await Promise.all(
    people.map(async (person, p) => {
      const seen = [];
      let sent = 0;
      person.say(`p${p} ${sent++}`);
      while (seen.length < 8 * ROUNDS) {
        const message = await person.until({ type: 'message' });
        seen.push(message);
        if (message.username === person.name && sent < ROUNDS) person.say(`p${p} ${sent++}`);
      }
      return seen;
    }),
  );
  assertSame(sequences);
  assertWhole(sequences[0], people.map((person) => person.name), ROUNDS);
  for (const person of people) await person.leave();
});

test('large and small messages mix without harm', async () => {
  const room = 'sizes';
  const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => rawJoin(daemon, name, room)));
  const bodies = Array.from({ length: 120 }, (_, i) => `${i} ${'x'.repeat([0, 100, 120, 16000, 1, 9000][i % 6])}`);
  for (const body of bodies) ann.say(body);
  for (const wire of [ann, bob]) {
    for (const body of bodies) assert.equal((await wire.event((e) => e.type === 'message')).body, body);
    wire.destroy();
  }
});

test('connections that break in the middle of a broadcast cost the survivors nothing', async () => {
  const room = 'chaos';
  const survivors = await Promise.all(Array.from({ length: 10 }, (_, i) => rawJoin(daemon, `s${i}`, room)));
  const victims = await Promise.all(Array.from({ length: 60 }, (_, i) => rawJoin(daemon, `v${i}`, room)));
  const ends = [(w) => w.reset(), (w) => w.destroy(), (w) => w.socket.end(), (w) => w.write('not a frame'), (w) => w.stopReading()];
  for (let i = 0; i < 300; i++) {
    survivors[i % 3].say(`s${i % 3} ${Math.floor(i / 3)}`);
    if (i % 5 === 0) {
      const victim = victims[i / 5];
      victim.say(`dying ${i}`);
      ends[(i / 5) % ends.length](victim);
      await survivors[0].event((e) => e.type === 'message'); /* let the server's turns pass in between */
    }
  }
  const isSurvivors = (message) => message.username.startsWith('s');
  const rest = await Promise.all(survivors.slice(1).map((wire) => collect(wire, 300, isSurvivors)));
  assertSame(rest);
  assertWhole(rest[0].filter(isSurvivors), ['s0', 's1', 's2'], 100);
  for (const wire of [...survivors, ...victims]) wire.destroy();
});

test('many rooms at once: each gets its own messages only', async () => {
  const rooms = Array.from({ length: 30 }, (_, i) => `room${i}`);
  const pairs = await Promise.all(
    rooms.map(async (room) => [await rawJoin(daemon, 'ann', room), await rawJoin(daemon, 'bob', room)]),
  );
  for (let i = 0; i < 30; i++) pairs.forEach(([ann], r) => ann.say(`${rooms[r]} ${i}`));
  for (const [r, pair] of pairs.entries())
    for (const wire of pair)
      for (let i = 0; i < 30; i++)
        assert.equal((await wire.event((e) => e.type === 'message')).body, `${rooms[r]} ${i}`);
  for (const wire of pairs.flat()) wire.destroy();
});
