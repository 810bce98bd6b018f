// Pings of both sides: answered, and the way to find out who is dead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { encode, PING, PONG, rawJoin, upgrade } from '../support/rawws.mjs';
import { isWrapped } from '../support/scale.mjs';
import { serve, serveFor } from '../support/serve.mjs';
import { start, temporaryFolder } from '../support/daemon.mjs';
import { Sql } from '../support/sql.mjs';

const daemon = serve({ message_rate: 0 });
const tooSlow = isWrapped && 'storing so much takes longer than a peer may be silent';

test('a ping is answered with a pong of the same payload, joined or not', async () => {
  for (const wire of [await upgrade(daemon, '/ws'), await rawJoin(daemon, 'ann', 'pings')]) {
    for (const payload of ['', 'x', '\u0000\u00ff binary', 'y'.repeat(125)]) {
      wire.send({ opcode: PING, payload });
      const pong = await wire.untilFrame((f) => f.opcode === PONG, 'a pong');
      assert.equal(pong.payload.toString(), payload);
    }
    wire.destroy();
  }
});

test('pings in a burst are answered by at least one pong, and disturb nothing that follows', async () => {
  const wire = await rawJoin(daemon, 'ann', 'burst');
  const pings = Array.from({ length: 20 }, (_, i) => encode({ opcode: PING, payload: `ping ${i}` }));
  wire.write(Buffer.concat([...pings, encode({ payload: '{"type":"message","body":"after"}' })]));
  const seen = { pong: false, message: false };
  while (!seen.pong || !seen.message) {
    const frame = await wire.frame();
    seen.pong ||= frame.opcode === PONG && /^ping \d+$/.test(frame.payload);
    seen.message ||= frame.json?.body === 'after';
  }
  wire.send({ opcode: PING, payload: 'once more' });
  await wire.untilFrame((f) => f.opcode === PONG && f.payload.toString() === 'once more', 'the next pong');
  wire.destroy();
});

test('a pong that nobody asked for is ignored', async () => {
  const wire = await rawJoin(daemon, 'ann', 'pongs');
  for (const payload of ['', 'x', 'y'.repeat(125)]) wire.send({ opcode: PONG, payload });
  wire.say('fine');
  assert.equal((await wire.event((e) => e.type === 'message')).body, 'fine');
  wire.destroy();
});

test('the server pings, and who answers stays', async (t) => {
  const own = await serveFor(t, { ping_interval: '100ms', ping_timeout: '5s', message_rate: 0 });
  const ann = await rawJoin(own, 'ann');
  for (let i = 0; i < 5; i++) {
    const ping = await ann.untilFrame((f) => f.opcode === PING, 'a ping');
    ann.send({ opcode: PONG, payload: ping.payload });
  }
  ann.say('alive');
  await ann.event((e) => e.body === 'alive');
});

test('who answers no ping is dropped, and the others are told', async (t) => {
  const own = await serveFor(t, { ping_interval: '200ms', ping_timeout: '2s', message_rate: 0 });
  const ann = await join(own, 'ann'); /* npm's ws answers pings by itself */
  const eve = await rawJoin(own, 'eve');
  const idler = await upgrade(own, '/ws'); /* not joined, and just as dead */
  await ann.until({ type: 'leave', username: 'eve' });
  for (const wire of [eve, idler]) {
    assert.equal((await wire.untilFrame((f) => f.opcode === PING, 'a ping')).fin, true);
    await wire.ended;
  }
  assert.deepEqual((await ann.settle()).filter((event) => event.type !== 'users'), []);
});

test('any byte is a sign of life: who sends but never pongs is kept', async (t) => {
  const own = await serveFor(t, { ping_interval: '100ms', ping_timeout: '10s', message_rate: 0 });
  const ann = await rawJoin(own, 'ann');
  for (let i = 0; i < 10; i++) {
    await ann.untilFrame((f) => f.opcode === PING, 'a ping');
    ann.say(`${i}`);
  }
  await ann.event((e) => e.body === '9');
});

test('ping_interval=0 switches pings off', async (t) => {
  const own = await serveFor(t, { ping_interval: 0, join_timeout: '500ms', message_rate: 0 });
  const ann = await rawJoin(own, 'ann');
  const idler = await upgrade(own, '/ws'); /* its time-out is the proof that time has passed */
  await idler.untilClose();
  ann.say('quiet');
  let frame;
  do assert.notEqual((frame = await ann.frame()).opcode, PING);
  while (frame.json?.body !== 'quiet');
});

// Senders are not read while the journal is behind (some seconds, while others have the file), so their pongs are not seen either.
test('who is not read because the journal is behind is not taken for dead', { skip: tooSlow }, async (t) => {
  const state_dir = temporaryFolder();
  const own = await start({
    journal: 'sqlite', state_dir, ping_interval: '500ms', ping_timeout: '2s', message_rate: 0, workers: 1,
    ring_frames: 100000, ring_bytes: '64m',
  });
  t.after(() => own.stop());
  const ann = await join(own, 'ann');
  const sql = new Sql(`${state_dir}/hubbub.db`, t);
  await sql.run('BEGIN IMMEDIATE');
  for (let i = 0; i < 20000; i++) ann.say('x');
  await ann.until({ type: 'error' }, 'the journal to give the first of them up');
  await sql.end();
  await ann.until({ type: 'message' }, 'the others to be stored');
  await ann.leave();
});
