// A slow reader hurts only itself: presence is left out for it first, then it is closed with 1013.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually, soon } from '../support/inbox.mjs';
import { CLOSE, dial, PING, PONG, rawJoin, request, TEXT, upgrade } from '../support/rawws.mjs';
import { isSanitized, isWrapped } from '../support/scale.mjs';
import { serveFor } from '../support/serve.mjs';

// No pings: who does not read does not answer them either, and is to be closed for what it has not read.
const SMALL = { ring_frames: 64, ring_bytes: '256k', send_buffer: '16k', message_rate: 0, ping_interval: 0 };

// Says numbered messages of that size, each when the one before has come back, until enough(count)
// is true or somebody leaves. Returns how many.
async function sayUntil(sender, size, enough = () => false) {
  for (let count = 0, isOver = false; ; ) {
    sender.say(`${count} ${'x'.repeat(size)}`);
    for (let event = {}; event.type !== 'message'; isOver ||= event.type === 'leave')
      event = await sender.event((e) => e.type === 'message' || e.type === 'leave', `message ${count}`);
    if (enough(++count) || isOver) return count;
  }
}

const numbersOf = (frames) =>
  frames.filter((f) => f.opcode === TEXT && f.json.type === 'message').map((f) => Number.parseInt(f.json.body, 10));

const upTo = (count) => Array.from({ length: count }, (_, i) => i);

test('who stops reading is closed with 1013; it has got the beginning without a gap, the others everything', async (t) => {
  const daemon = await serveFor(t, { ...SMALL, workers: 2 });
  const sender = await rawJoin(daemon, 'sender');
  const reader = await rawJoin(daemon, 'reader');
  const slow = await rawJoin(daemon, 'slow');
  slow.stopReading();

  const read = [];
  const reading = (async () => {
    for (;;) {
      const event = await reader.event();
      if (event.body === 'last') return;
      if (event.type === 'message') read.push(Number.parseInt(event.body, 10));
      if (event.type === 'leave') assert.equal(event.username, 'slow');
    }
  })();
  const count = await sayUntil(sender, 8000);
  slow.readOn(); /* the server does not wait long for it now */
  sender.say('last');
  await reading;
  assert.deepEqual(read, upTo(count));

  const frames = await slow.untilClose();
  assert.equal(frames.at(-1).code, 1013);
  const got = numbersOf(frames);
  assert.deepEqual(got, upTo(got.length), 'in order and without a gap');
  assert.ok(got.length < count);
  await slow.endsCleanly();
});

test('who reads again in time has lost no message', async (t) => {
  const daemon = await serveFor(t, { ...SMALL, ring_frames: 4096, ring_bytes: '16m' });
  const sender = await rawJoin(daemon, 'sender');
  const slow = await rawJoin(daemon, 'slow');
  slow.stopReading();
  const count = await sayUntil(sender, 8000, (n) => n === 300); /* far more than the sockets hold */
  slow.readOn();
  for (const number of upTo(count))
    assert.equal(Number.parseInt((await slow.event((e) => e.type !== 'users' && e.type !== 'join')).body, 10), number);
});

test('pongs into a full socket do not tear what is sent around them', async (t) => {
  const daemon = await serveFor(t, { ...SMALL, ring_frames: 4096, ring_bytes: '16m', send_buffer: '4k' });
  const sender = await rawJoin(daemon, 'sender');
  const slow = await rawJoin(daemon, 'slow');
  slow.stopReading();
  const count = await sayUntil(sender, 7000, (n) => {
    if (n > 400 && n % 4 === 0) slow.readOn(); /* full by then: now and then there is room for a little */
    else slow.stopReading();
    for (let i = 0; i < 3; i++) slow.send({ opcode: PING, payload: `${n}`.padEnd(119 + (n % 7), '.') });
    return n === 600;
  });
  slow.readOn();
  const frames = [];
  while (numbersOf(frames.slice(-1))[0] !== count - 1) frames.push(await slow.frame());
  assert.deepEqual(numbersOf(frames), upTo(count));
  const pongs = frames.filter((f) => f.opcode === PONG);
  assert.ok(pongs.length > 0 && pongs.every((f) => /^\d+\.*$/.test(f.payload.toString())));
});

test('presence is left out first for a slow reader; in the end it holds the true list', async (t) => {
  const daemon = await serveFor(t, { ...SMALL, ring_frames: 200, ring_bytes: '4m' });
  const sender = await rawJoin(daemon, 'sender');
  const slow = await rawJoin(daemon, 'slow');
  slow.stopReading();
  const count = await sayUntil(sender, 16000, (n) => n === 140); /* over half of the ring, or so */
  const guests = [];
  for (let i = 0; i < 150; i++) guests.push(await rawJoin(daemon, `guest${i}`)); /* would fill it twice */
  for (const guest of guests.splice(0, 75)) guest.reset();
  const wanted = ['sender', 'slow', ...upTo(75).map((i) => `guest${i + 75}`)];
  const isTruth = (event) => event.type === 'users' && JSON.stringify(event.users) === JSON.stringify(wanted);
  await sender.event(isTruth, 'the last snapshot, which is left out for the slow one');
  slow.readOn();
  const numbers = [];
  for (let event = {}; !isTruth(event); ) {
    event = await slow.event(undefined, `the true list, have ${numbers.length} messages`);
    if (event.type === 'message') numbers.push(Number.parseInt(event.body, 10));
  }
  assert.deepEqual(numbers, upTo(count), 'no message is left out');
  for (const guest of guests) guest.destroy();
});

test('a slow reader that never reads again is cut off in the end, and its place is free', async (t) => {
  const daemon = await serveFor(t, { ...SMALL, max_connections: 2 });
  const sender = await rawJoin(daemon, 'sender');
  const slow = await rawJoin(daemon, 'slow');
  slow.stopReading();
  await sayUntil(sender, 8000);
  await eventually(async () => (await request(daemon, 'GET /healthz HTTP/1.1')).status === 200, 'the place is free again');
  slow.destroy();
});

test('who sends without reading what comes back is closed like any slow reader', async (t) => {
  const daemon = await serveFor(t, SMALL);
  const ann = await rawJoin(daemon, 'ann', 'quiet');
  const eve = await rawJoin(daemon, 'eve', 'loud');
  eve.stopReading();
  for (let i = 0; i < 600; i++) eve.say(`${i} ${'x'.repeat(8000)}`);
  ann.say('undisturbed');
  await ann.event((e) => e.body === 'undisturbed');
  await daemon.logged(/ sent_away code=1013 username="eve"/);
  eve.readOn(); /* the server does not wait long for it now */
  const frames = await eve.untilClose();
  assert.equal(frames.at(-1).code, 1013);
  const got = numbersOf(frames);
  assert.deepEqual(got, upTo(got.length));
  await eve.endsCleanly();
});

test('a burst that all members send at once sheds nobody whose socket can take it, however small the ring', async (t) => {
  const daemon = await serveFor(t, { message_rate: 0, workers: 1, ring_frames: 16 });
  const wires = await Promise.all(upTo(60).map((i) => rawJoin(daemon, `p${i}`)));
  for (const round of upTo(3)) {
    process.kill(daemon.pid, 'SIGSTOP'); /* so that all of them meet in one turn of its loop */
    for (const wire of wires) wire.say(`round ${round}`);
    await Promise.all(wires.map((wire) => new Promise((sent) => wire.socket.write('', sent))));
    process.kill(daemon.pid, 'SIGCONT');
    for (const wire of wires)
      for (const i of upTo(60)) await wire.event((e) => e.type === 'message', `60 messages, have ${i}`);
  }
  for (const wire of wires) wire.destroy();
});

test('within the default limits nobody can send so much that readers are shed', async (t) => {
  const daemon = await serveFor(t);
  const readers = await Promise.all(upTo(20).map((i) => rawJoin(daemon, `reader${i}`)));
  const eve = await rawJoin(daemon, 'eve');
  for (const i of upTo(200)) eve.say(`${i} ${'x'.repeat(16000)}`);
  const isAnswer = (frame) => frame.opcode === CLOSE || ['message', 'error'].includes(frame.json?.type);
  for (let answers = 0, frame = {}; answers < 200 && frame.opcode !== CLOSE; answers++)
    frame = await eve.untilFrame(isAnswer, `200 answers or the end, have ${answers}`);
  eve.destroy();
  const sequences = [];
  for (const reader of readers) {
    const numbers = [];
    for (let event = {}; event.type !== 'leave'; ) {
      event = await reader.event((e) => e.type === 'message' || e.type === 'leave');
      if (event.type === 'message') numbers.push(Number.parseInt(event.body, 10));
    }
    sequences.push(numbers);
  }
  assert.equal(sequences[0][0], 0);
  assert.deepEqual(sequences[0], [...sequences[0]].sort((a, b) => a - b));
  for (const sequence of sequences) assert.deepEqual(sequence, sequences[0]);
});

test('clients that send many requests and read no answer disturb nobody', async (t) => {
  const daemon = await serveFor(t, { ...SMALL, max_connections: 40 });
  const wires = await Promise.all(Array.from({ length: 30 }, () => dial(daemon)));
  for (const wire of wires) {
    wire.stopReading();
    wire.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
  }
  const ann = await rawJoin(daemon, 'ann');
  ann.say('undisturbed');
  await ann.event((e) => e.body === 'undisturbed');
  for (const wire of wires) wire.destroy();
});

const residentKib = ({ pid }) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const tooLarge = (isWrapped || isSanitized) && 'their memory is their own';

test('who asks for much and does not read costs little; who reads on gets every answer', { skip: tooLarge }, async (t) => {
  const ASKERS = 40;
  const daemon = await serveFor(t, { ...SMALL, ring_frames: 4096, ring_bytes: '1m' });
  const sender = await rawJoin(daemon, 'sender');
  await sayUntil(sender, 15_000, (n) => n === 100);
  const cids = upTo(40).map(String);
  const askers = [];
  const before = residentKib(daemon);
  for (let i = 0; i < ASKERS; i++) {
    const asker = await upgrade(daemon, '/ws', { 'Sec-WebSocket-Protocol': 'chat.v2' });
    asker.send({ payload: JSON.stringify({ type: 'join', username: `asker ${i}` }) });
    await asker.event((e) => e.type === 'joined');
    asker.stopReading();
    for (const cid of cids) asker.send({ payload: JSON.stringify({ type: 'history', room: 'lobby', limit: 200, cid }) });
    askers.push(asker);
  }
  await sayUntil(sender, 10, (n) => n === 500); /* meanwhile they are answered what they are to be answered */
  const each = (residentKib(daemon) - before) / ASKERS;
  assert.ok(each < 1200, `${each} KiB for each, where a page may have 512`);

  const [asker] = askers;
  asker.readOn();
  const pages = [];
  while (pages.length < cids.length) pages.push(await asker.event((e) => e.type === 'history'));
  assert.deepEqual(pages.map(({ cid }) => cid), cids);
  assert.ok(pages.every(({ more, messages }) => more && messages.length > 0));
  for (const one of askers) one.destroy();
});

// The page waits in the server, the ping behind it, and what the client says is not read until it has read on. It reads a
// piece (64 KB at most) for each ping of another one, until the server has given up one that reads nothing.
test('who reads a large answer slowly and talks is alive; who stops reading it is not', async (t) => {
  const daemon = await serveFor(t, {
    ...SMALL, ring_bytes: '8m', max_body: '1m', max_frame: '4m', ping_interval: '200ms', ping_timeout: '4s', hold_time: '1ms',
  });
  const clock = await rawJoin(daemon, 'clock');
  const body = '\u0001'.repeat(500_000); /* six bytes each on their way */
  clock.say(body);
  await clock.event((e) => e.type === 'message');
  const ask = async (username) => {
    const wire = await upgrade(daemon, '/ws', { 'Sec-WebSocket-Protocol': 'chat.v2' });
    wire.send({ payload: JSON.stringify({ type: 'join', username }) });
    await wire.event((e) => e.type === 'joined');
    wire.stopReading();
    wire.send({ payload: JSON.stringify({ type: 'history', room: 'lobby', after: 0, limit: 1 }) });
    return wire;
  };
  const slow = await ask('slow');
  const pause = () => slow.stopReading();
  slow.socket.on('data', pause);
  let dead = null;
  let said = 0;
  for (let frame = {}; frame.json?.type !== 'leave'; ) {
    frame = await clock.frame('the end of the dead one');
    if (frame.json?.type === 'leave') assert.equal(frame.json.username, 'dead');
    if (frame.opcode !== PING) continue;
    clock.send({ opcode: PONG, payload: frame.payload });
    slow.send({ payload: JSON.stringify({ type: 'message', room: 'lobby', body: `${said++}` }) });
    slow.readOn();
    if (said === 3) dead = await ask('dead');
  }
  slow.socket.off('data', pause);
  slow.readOn();
  const heard = [];
  let page = null;
  while (page === null || heard.length < said) {
    const event = await slow.event((e) => e.type === 'history' || e.type === 'message');
    if (event.type === 'history') page = event;
    else heard.push(event.body);
  }
  assert.ok(page.messages[0].body === body);
  assert.deepEqual(heard, upTo(said).map(String));
  dead.destroy();
});

// It reads a piece (64 KB at most) for each ping of another one, so for longer than a peer may take that reads nothing.
test('who is sent away behind a large answer gets all of it, and is told why, however slowly it reads', async (t) => {
  const daemon = await serveFor(t, {
    ...SMALL, ring_bytes: '8m', max_body: '1m', max_frame: '4m', ping_interval: '200ms', ping_timeout: '20s',
  });
  const enter = async (username, more = {}) => {
    const wire = await upgrade(daemon, '/ws', { 'Sec-WebSocket-Protocol': 'chat.v2' });
    wire.send({ payload: JSON.stringify({ type: 'join', username, ...more }) });
    return { wire, joined: await wire.event((e) => e.type === 'joined') };
  };
  const clock = await rawJoin(daemon, 'clock');
  clock.say('\u0001'.repeat(500_000)); /* six bytes each on their way */
  await clock.event((e) => e.type === 'message');
  const { wire: slow, joined } = await enter('slow');
  const pause = () => slow.stopReading();
  slow.socket.on('data', pause);
  slow.send({ payload: JSON.stringify({ type: 'history', room: 'lobby', after: 0, limit: 1 }) });
  while (slow.left.length < 1000) {
    const piece = once(slow.socket, 'data');
    slow.readOn();
    await soon(piece, 'the beginning of the page');
  }
  await enter('slow', { key: joined.key });

  for (let pings = 0; pings < 25; pings++) {
    const { payload } = await clock.untilFrame((f) => f.opcode === PING, 'a ping');
    clock.send({ opcode: PONG, payload });
    slow.readOn();
  }
  slow.socket.off('data', pause);
  slow.readOn();
  const frames = (await slow.untilClose()).filter(({ opcode }) => opcode !== PING);
  const [page, bye, close] = frames.slice(-3);
  assert.deepEqual([page.json.type, page.json.messages.length, bye.json.type], ['history', 1, 'bye']);
  assert.equal(close.code, 4410);
  await slow.endsCleanly();
});
