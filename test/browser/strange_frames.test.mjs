// A server that says what no server should: the page takes no harm, tells nobody nonsense, and stays where it is.
import assert from 'node:assert/strict';
import http from 'node:http';
import { WebSocketServer } from 'ws';
import { client } from './client.mjs';
import { createFakeServer } from './fake_server.mjs';
import { eventually, eventuallyTexts, scene, signIn, texts } from './harness.mjs';

const { decode } = await client('hubbub.js');

// The real files, and behind /ws the fake server. Returns its page's socket, on which anything can be said.
async function pretend({ daemon, visitor, later }) {
  const fake = createFakeServer();
  const sockets = [];
  let spoil = (data) => data;
  const web = http.createServer((request, response) => {
    const onward = http.request({ host: '127.0.0.1', port: daemon.port, path: request.url, headers: request.headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy()); // the daemon may go first when the scene is over
    request.pipe(onward);
  });
  new WebSocketServer({ server: web, handleProtocols: () => 'chat.v2' }).on('connection', (socket) => {
    const inside = fake.connect('ws');
    inside.onmessage = ({ data }) => socket.send(spoil(data));
    inside.onclose = ({ code }) => socket.close(code);
    socket.on('message', (data) => inside.send(String(data)));
    socket.on('close', () => inside.close());
    sockets.push(socket);
  });
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  later(() => {
    for (const socket of sockets) socket.terminate();
    web.closeAllConnections();
    web.close();
  });
  const page = await visitor({ url: `http://127.0.0.1:${web.address().port}/` });
  const ignored = [];
  page.on('console', (message) => message.type() === 'debug' && ignored.push(message.text()));
  await signIn(page, 'ana');
  fake.say('bob', 'lobby', 'the first');
  await eventuallyTexts(page, ['the first']);
  return { fake, page, ignored, say: (data) => sockets[0].send(data), connections: () => sockets.length, spoil: (f) => (spoil = f) };
}

// Still on the first connection, in order, and without a trace of what is no text.
async function assertUnharmed({ fake, page, connections }, text, bar = /^$/) {
  fake.say('bob', 'lobby', text);
  await eventually(async () => (await texts(page)).at(-1), text);
  assert.equal(connections(), 1, 'it has not come back, because it never went');
  assert.equal(await page.isVisible('#chat'), true);
  assert.match((await page.locator('#status:not(.sr-only)').count()) ? await page.innerText('#status') : '', bar);
  await assertNoNonsense({ page });
}

async function assertNoNonsense({ page }) {
  const shown = await page.evaluate(() => document.body.innerText + document.title);
  assert.doesNotMatch(shown, /\[object|undefined|NaN|Invalid Date|\bnull\b/);
}

// One of each type, as the server would say it now.
function valid({ fake }) {
  const room = 'lobby';
  const log = fake.room(room);
  const [{ id }] = log.log;
  const next = { room, seq: log.seq + 1, username: 'bob', ts: 1_700_000_100_000 };
  const message = { ...next, id: 'later', body: 'hello', reply_to: id, reactions: { '👍': ['bob'] } };
  return [
    { type: 'hello', version: 2, server: 'fake', build: 'b1', auth: 'none', limits: { body: 4096, frame: 65536, rate: 10, rooms: 32 }, ping: { interval: 25_000, timeout: 10_000 } },
    { type: 'joined', cid: 'c', room, username: 'ana', key: 'k', epoch: 'e1', seq: log.seq, recovered: true, events: [{ type: 'message', ...message }], users: ['ana', 'bob'], count: 2 },
    { type: 'left', cid: 'c', room },
    { type: 'ack', cid: 'c', room, id: 'later', seq: log.seq + 1, ts: next.ts },
    { type: 'message', ...message },
    { type: 'edit', ...next, id, body: 'hello' },
    { type: 'delete', ...next, id: 'unheard of' },
    { type: 'react', ...next, id, emoji: '👍', on: true },
    { type: 'join', room, username: 'cy', ts: next.ts, count: 3 },
    { type: 'leave', room, username: 'cy', ts: next.ts, count: 2, reason: 'quit' },
    { type: 'typing', room, username: 'bob' },
    { type: 'history', cid: 'c', room, epoch: 'e1', messages: [message], more: false },
    { type: 'search', cid: 'c', messages: [message], more: false },
    { type: 'users', cid: 'c', room, users: ['ana', 'bob'], count: 2 },
    { type: 'rooms', cid: 'c', rooms: [{ name: room, members: 2, seq: 1, topic: 'all' }] },
    { type: 'error', error: 'a reason', code: 'bad_request', cid: 'c', room, retry_after: 100 },
    { type: 'bye', code: 'stopping', reason: 'a reason', reconnect: true, retry_after: 100 },
    { type: 'pong', cid: 'c', ts: next.ts },
  ];
}

const junk = [null, true, 0, -1, 1e300, 0.5, '', 'x', [], [null], [[1]], {}, { x: {} }, { length: -1 }];

// Every field of it, the inner ones too, once each with everything that it should not be, and once missing.
function* spoiled(frame) {
  for (const [name, value] of Object.entries(frame)) {
    if (name === 'type') continue;
    const { [name]: _, ...without } = frame;
    yield without;
    for (const other of junk) if (typeof other !== typeof value || value === null) yield { ...frame, [name]: other };
    if (Array.isArray(value) && value[0] && typeof value[0] === 'object')
      for (const inner of spoiled(value[0])) yield { ...frame, [name]: [inner] };
    else if (value && typeof value === 'object' && !Array.isArray(value))
      for (const inner of spoiled(value)) yield { ...frame, [name]: inner };
  }
}

scene('types that nobody knows, and every known one in every wrong shape', async (stage) => {
  const room = await pretend(stage);
  for (const type of ['new', '', '__proto__', 'constructor', 'toString', 7, null, {}, ['message']])
    room.say(JSON.stringify({ type, room: 'lobby', body: 'not for us', seq: 2 }));
  await eventually(() => room.ignored.length, 9);
  let said = 0;
  const log = room.fake.room('lobby');
  for (const frame of valid(room)) {
    for (const wrong of spoiled(frame)) {
      // What is right enough to be taken comes in its place in the room, so that it is shown as well.
      const isPlaced = wrong.seq === 2 && decode(JSON.stringify(wrong));
      const place = isPlaced ? { seq: ++log.seq, id: wrong.type === 'message' ? `later ${said}` : wrong.id } : {};
      room.say(JSON.stringify({ ...wrong, ...place }));
      said++;
    }
    room.say(JSON.stringify({ type: frame.type }));
  }
  assert.ok(said > 1_000, String(said));
  await assertUnharmed(room, 'after all that');
});

scene('answers to what was asked, in every wrong shape that is taken at all', async (stage) => {
  const room = await pretend(stage);
  const [rooms] = valid(room).filter(({ type }) => type === 'rooms');
  const odd = [...spoiled(rooms)].filter((frame) => decode(JSON.stringify(frame)));
  assert.ok(odd.length > 30, String(odd.length));
  let answered = 0;
  room.spoil((data) => {
    const { type, cid } = JSON.parse(data);
    return type === 'rooms' ? JSON.stringify({ ...odd[answered++], cid }) : data;
  });
  while (answered < odd.length) {
    const before = answered;
    await room.page.keyboard.press('Control+k');
    await room.page.waitForSelector('dialog[open]');
    await eventually(() => answered > before, true);
    await assertNoNonsense(room);
    await room.page.keyboard.press('Escape');
    await room.page.waitForSelector('dialog', { state: 'detached' });
  }
  await assertUnharmed(room, 'after all that');
});

scene('what is no frame: binary, deep, cut off, not JSON, a megabyte', async (stage) => {
  const room = await pretend(stage);
  const deep = (n) => `${'{"a":['.repeat(n)}${']}'.repeat(n)}`;
  const all = [
    Buffer.from([0, 255, 1]), Buffer.from('{"type":"pong"}'), Buffer.alloc(100_000),
    '', ' ', 'x', '{', '{"type":"message"', '[]', '7', '"text"', 'null', '\0', '\ufffe'.repeat(100),
    '['.repeat(200_000), deep(50_000), `{"type":"message","room":${deep(10_000)}}`,
  ];
  for (const data of all) room.say(data);
  await eventually(() => room.ignored.length, all.length);
  assert.ok(room.ignored.every((text) => text.length < 500), 'what is logged of it is short');
  const message = { type: 'message', room: 'lobby', id: 'big', seq: 2, username: 'bob', ts: 1_700_000_100_000 };
  room.fake.room('lobby').seq = 2;
  room.say(JSON.stringify({ ...message, body: 'w '.repeat(500_000) }));
  await eventually(async () => (await texts(room.page)).at(-1).length, 1_000_000);
  await assertUnharmed(room, 'after all that');
});

// A generator of its own, so that what fails once fails again.
function dice(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function mutate(text, roll) {
  const at = roll(text.length);
  const length = roll(12);
  const bits = ['"', '{', '}', '[', ']', ',', ':', 'null', '-', '9', 'e', '\\', '\\ud800', '\u202e', '\0', '😀'];
  const changes = [
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + bits[roll(bits.length)] + text.slice(at),
    () => text.slice(0, at) + bits[roll(bits.length)] + text.slice(at + length),
    () => text.slice(0, at) + text.slice(roll(text.length), roll(text.length)) + text.slice(at),
    () => text.slice(0, at) + String.fromCharCode(32 + roll(90)) + text.slice(at + 1),
  ];
  return changes[roll(changes.length)]();
}

scene('thousands of frames in which something was changed by chance', async (stage) => {
  const room = await pretend(stage);
  // Some of them are still valid, but say something else. That is fine, in a room that we only look at in the end.
  const frames = valid(room).map((frame) => JSON.stringify(frame).replaceAll('"lobby"', '"elsewhere"'));
  const goTo = async (name) => {
    await room.page.evaluate((there) => (location.hash = `#/r/${there}`), name);
    await eventually(() => room.page.textContent('#room-name'), name);
  };
  await goTo('elsewhere');
  await eventually(() => room.page.isVisible('#empty'), true);
  await goTo('lobby');
  const roll = dice(20_240_229);
  for (let i = 0; i < 5_000; i++) {
    let text = frames[roll(frames.length)];
    for (let n = 0; n <= roll(3); n++) text = mutate(text, roll);
    room.say(text);
  }
  await goTo('elsewhere');
  await assertNoNonsense(room);
  await goTo('lobby');
  await assertUnharmed(room, 'after all that', /^$|new version/i); // the build may have been changed
});
