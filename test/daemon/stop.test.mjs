// SIGTERM: everybody gets what waits for it and is told, and it does not take for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { start } from '../support/daemon.mjs';
import { eventually, soon } from '../support/inbox.mjs';
import { CLOSE, closePayload, dial, rawJoin, request, upgrade, upgradeRequest } from '../support/rawws.mjs';
import { serveFor } from '../support/serve.mjs';

// Much may wait for a client that does not read, and it may take its time: it does not answer pings either.
const PATIENT = { message_rate: 0, ping_interval: 0, ring_bytes: '64m', ring_frames: 100_000, send_buffer: '16k' };

for (const signal of ['SIGTERM', 'SIGINT'])
  test(`${signal}: everybody is closed with 1001, and the exit code is 0`, async (t) => {
    const daemon = await serveFor(t, { workers: 2 });
    const ann = await join(daemon, 'ann');
    const bob = await join(daemon, 'bob', { room: 'other' });
    const raw = await rawJoin(daemon, 'cleo');
    const early = await connect(daemon);
    const half = await dial(daemon); /* has not even sent its request */
    daemon.child.kill(signal);
    for (const person of [ann, bob, early]) assert.equal((await person.end()).code, 1001);
    assert.equal((await raw.untilClose()).at(-1).code, 1001);
    await raw.endsCleanly();
    await soon(half.ended, 'the end of a connection without a request');
    assert.deepEqual(await daemon.exit, { code: 0, signal: null });
    assert.match(daemon.stderr(), / info stopping .*\n(.*\n)*.* info stopped /);
});

test('nobody is told of leaves when the server stops', async (t) => {
  const daemon = await serveFor(t, { workers: 2 });
  const wires = await Promise.all(['ann', 'bob', 'cleo'].map((name) => rawJoin(daemon, name)));
  await wires[2].event((e) => e.type === 'users' && e.users.length === 3);
  daemon.child.kill();
  for (const wire of wires) {
    const frames = await wire.untilClose();
    assert.deepEqual(frames.filter((f) => f.json?.type === 'leave'), []);
  }
});

test('a client with many frames waiting gets them all, in order, and then 1001', async (t) => {
  const daemon = await serveFor(t, { ...PATIENT, drain_time: '60s' });
  const sender = await rawJoin(daemon, 'sender');
  const slow = await rawJoin(daemon, 'slow');
  await sender.event((e) => e.type === 'join' && e.username === 'slow');
  slow.stopReading();
  for (let i = 0; i < 500; i++) sender.say(`${i} ${'x'.repeat(8000)}`);
  await sender.event((e) => e.body?.startsWith('499 '));
  daemon.child.kill();
  await daemon.logged(/ info stopping /);
  slow.readOn();
  const frames = await slow.untilClose();
  assert.deepEqual(
    frames.filter((f) => f.json?.type === 'message').map((f) => Number.parseInt(f.json.body, 10)),
    Array.from({ length: 500 }, (_, i) => i),
  );
  assert.equal(frames.at(-1).code, 1001);
  slow.send({ opcode: CLOSE, payload: closePayload(1001) });
  sender.send({ opcode: CLOSE, payload: closePayload(1001) });
  await slow.endsCleanly({ answer: false });
  assert.deepEqual(await soon(daemon.exit, 'the exit'), { code: 0, signal: null });
});

test('a client that reads slowly but steadily has the whole drain time, not less', async (t) => {
  const daemon = await serveFor(t, { ...PATIENT, drain_time: '60s' });
  const sender = await rawJoin(daemon, 'sender');
  const slow = await rawJoin(daemon, 'slow');
  await sender.event((e) => e.type === 'join' && e.username === 'slow');
  slow.stopReading();
  for (let i = 0; i < 1200; i++) sender.say(`${i} ${'x'.repeat(8000)}`);
  await sender.event((e) => e.body?.startsWith('1199 '));
  daemon.child.kill();
  await daemon.logged(/ info stopping /);
  /* A mouthful each 100 ms: some seconds in all. */
  const sip = setInterval(() => {
    slow.readOn();
    setImmediate(() => slow.stopReading());
  }, 100);
  t.after(() => clearInterval(sip));
  const frames = await slow.untilClose();
  assert.equal(frames.filter((f) => f.json?.type === 'message').length, 1200);
  assert.equal(frames.at(-1).code, 1001);
});

test('a client that pauses may read on later, within the drain time', async (t) => {
  const daemon = await serveFor(t, { workers: 1, ...PATIENT, drain_time: '60s' });
  const slow = await rawJoin(daemon, 'slow');
  const mute = await rawJoin(daemon, 'mute'); /* never answers the close: its end is the proof that time has passed */
  slow.stopReading();
  for (let i = 0; i < 200; i++) mute.say(`${i} ${'x'.repeat(8000)}`);
  await mute.event((e) => e.body?.startsWith('199 '));
  daemon.child.kill();
  await mute.untilClose();
  await mute.endsCleanly({ answer: false });
  slow.readOn();
  const frames = await slow.untilClose();
  assert.equal(frames.filter((f) => f.json?.type === 'message').length, 200);
  assert.equal(frames.at(-1).code, 1001);
  await slow.endsCleanly();
});

test('a client that is stuck does not hold the end up beyond the drain time', async (t) => {
  const daemon = await serveFor(t, { ...PATIENT, drain_time: '500ms' });
  const sender = await rawJoin(daemon, 'sender');
  const stuck = await rawJoin(daemon, 'stuck');
  await sender.event((e) => e.type === 'join' && e.username === 'stuck');
  stuck.stopReading();
  for (let i = 0; i < 500; i++) sender.say(`${i} ${'x'.repeat(8000)}`);
  await sender.event((e) => e.body?.startsWith('499 '));
  const { code } = await daemon.stop();
  assert.equal(code, 0);
  stuck.destroy();
});

test('drain_time=0 stops at once, with exit code 0', async (t) => {
  const daemon = await serveFor(t, { drain_time: 0 });
  await join(daemon, 'ann');
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
});

test('a second SIGTERM ends it at once', async (t) => {
  const daemon = await start({ ...PATIENT, drain_time: '10m' });
  const stuck = await rawJoin(daemon, 'stuck');
  stuck.stopReading();
  for (let i = 0; i < 500; i++) stuck.say('x'.repeat(8000));
  await soon(new Promise((resolve) => stuck.socket.write('', resolve)), 'the server to have read');
  daemon.child.kill();
  await daemon.logged(/ info stopping /);
  daemon.child.kill();
  await soon(daemon.exit, 'the exit');
  assert.match(daemon.stderr(), / stopped_at_once /);
  assert.doesNotMatch(daemon.stderr(), / info stopped /);
});

test('while it stops nobody new gets in, and who was about to is told', async (t) => {
  const daemon = await serveFor(t, { ...PATIENT, drain_time: '10m' });
  const stuck = await rawJoin(daemon, 'stuck');
  stuck.stopReading();
  for (let i = 0; i < 500; i++) stuck.say('x'.repeat(8000));
  await soon(new Promise((resolve) => stuck.socket.write('', resolve)), 'the server to have read');
  const half = await dial(daemon);
  half.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await half.response();
  daemon.child.kill();
  await daemon.logged(/ info stopping /);
  half.write(upgradeRequest(daemon));
  const answer = await half.response();
  if (answer?.status === 101) {
    /* a worker that had not heard of it yet */
    half.speakFrames();
    assert.equal((await half.untilClose()).at(-1).code, 1001);
  } else {
    assert.ok(answer === null || answer.status === 503, answer?.raw);
  }
  await eventually(() => dial(daemon).then((wire) => soon(wire.ended, 'its end'), () => true), 'the port is closed');
  stuck.destroy();
});

test('joining, leaving and sending go on while it stops, and it stops all the same', async (t) => {
  for (let round = 0; round < 5; round++) {
    const daemon = await serveFor(t, { workers: 2, message_rate: 0, drain_time: '300ms' });
    const wires = await Promise.all(Array.from({ length: 30 }, (_, i) => rawJoin(daemon, `p${i}`)));
    const busy = setInterval(() => {
      for (const wire of wires) wire.say('busy');
      upgrade(daemon, `/ws?username=n${Math.random()}`).catch(() => {});
    }, 1);
    t.after(() => clearInterval(busy));
    await wires[0].event((e) => e.body === 'busy');
    wires[3].reset();
    const { code } = await daemon.stop();
    clearInterval(busy);
    assert.equal(code, 0);
    assert.doesNotMatch(daemon.stderr(), /Sanitizer|runtime error:/);
  }
});
