import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { client } from './client.mjs';
import { createFakeServer } from './fake_server.mjs';

const { connect } = await client('hubbub.js');

let server;
let now;
let timers;
let kept;

beforeEach(() => {
  server = createFakeServer();
  now = 1_000_000;
  timers = new Map();
  kept = new Map();
});

let timerId = 0;
const storage = {
  get: (key) => structuredClone(kept.get(key) ?? null),
  set: (key, value) => (value === null ? kept.delete(key) : kept.set(key, structuredClone(value))),
};
const settle = () => new Promise(setImmediate);

function open(name, more = {}) {
  return connect({
    name,
    server: 'http://here/',
    openSocket: (url) => server.connect(url),
    now: () => now,
    random: () => 0,
    setTimeout: (f, ms) => (timers.set(++timerId, { f, at: now + ms }), timerId),
    clearTimeout: (id) => timers.delete(id),
    isOnline: () => true,
    isVisible: () => true,
    ...more,
  });
}

async function pass(ms) {
  const end = now + ms;
  for (;;) {
    await settle();
    const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
    if (!due) break;
    timers.delete(due[0]);
    now = due[1].at;
    due[1].f();
  }
  now = end;
  await settle();
}

function listen(room) {
  const heard = [];
  for (const type of ['message', 'edit', 'delete', 'react', 'gap'])
    room.on(type, (e) => heard.push(type === 'message' ? e.body : `${type} ${e.body ?? e.emoji ?? ''}`.trim()));
  return heard;
}
const bodies = (name = 'lobby') => server.room(name).log.filter((e) => e.type === 'message').map((e) => e.body);

test('join, send, and hear it', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  const heard = listen(room);
  await settle();
  assert.equal(chat.state().phase, 'online');
  const ack = await room.send('hello');
  await settle();
  assert.deepEqual(heard, ['hello']);
  assert.equal(ack.seq, 1);
  assert.deepEqual(chat.outbox.entries(), []);
});

test('what was said before is given on joining, as history', async () => {
  for (const text of ['one', 'two', 'three']) server.say('bob', 'lobby', text);
  const room = open('ana').join('lobby', { last: 2 });
  const heard = [];
  room.on('message', (m) => heard.push([m.body, m.isHistory]));
  await settle();
  server.say('bob', 'lobby', 'four');
  await settle();
  assert.deepEqual(heard, [['two', true], ['three', true], ['four', undefined]]);
});

test('several rooms: the first signs in, the others follow, also after a lost link', async () => {
  const chat = open('ana');
  chat.join('one');
  chat.join('two');
  await settle();
  chat.join('three');
  await settle();
  const [socket] = server.sockets;
  assert.deepEqual(socket.sent.map((f) => [f.room, f.username]), [['one', 'ana'], ['two', undefined], ['three', undefined]]);
  server.cut();
  await pass(1000);
  const [again] = server.sockets;
  assert.deepEqual(again.sent.map((f) => [f.room, f.username, f.since?.seq]), [
    ['one', 'ana', 0],
    ['two', undefined, 0],
    ['three', undefined, 0],
  ]);
  assert.ok(again.sent[0].key);
});

test('a lost link: what was missed comes once and in order, and nothing is doubled', async () => {
  const chat = open('ana');
  const heard = listen(chat.join('lobby'));
  await settle();
  const first = server.say('bob', 'lobby', 'before');
  await settle();
  server.cut();
  await settle();
  for (const text of ['one', 'two', 'three']) server.say('bob', 'lobby', text);
  server.act('bob', { type: 'edit', room: 'lobby', id: first.id, body: 'changed' });
  await pass(1000);
  assert.equal(chat.state().phase, 'online');
  assert.deepEqual(heard, ['before', 'one', 'two', 'three', 'edit changed']);
  server.say('bob', 'lobby', 'live');
  await settle();
  assert.equal(heard.at(-1), 'live');
});

test('what cannot be recovered is told as a gap, and the newest are given', async () => {
  server = createFakeServer({ keep: 2 });
  const heard = listen(open('ana').join('lobby', { last: 2 }));
  await settle();
  server.say('bob', 'lobby', 'before');
  await settle();
  server.cut();
  await settle();
  for (let i = 0; i < 5; i++) server.say('bob', 'lobby', `m${i}`);
  await pass(1000);
  assert.deepEqual(heard, ['before', 'gap', 'm3', 'm4']);
});

test('a log that was lost is a gap too', async () => {
  const heard = listen(open('ana').join('lobby'));
  await settle();
  server.say('bob', 'lobby', 'before');
  await settle();
  server.cut();
  await settle();
  server.lose();
  server.say('bob', 'lobby', 'after');
  await pass(1000);
  assert.deepEqual(heard, ['before', 'gap', 'after']);
});

test('confirmed, and the link was lost before it came: it does not stay behind the others for ever', async () => {
  for (const after of ['a gap', 'a new log']) {
    server = createFakeServer({ keep: 2 });
    const chat = open('ana');
    const room = chat.join('lobby', { last: 2 });
    await settle();
    server.swallow((frame) => frame.type === 'message');
    await room.send('mine');
    assert.deepEqual(chat.outbox.entries().map((e) => e.state), ['acked']);
    server.cut();
    await settle();
    server.swallow(() => false);
    if (after === 'a new log') server.lose();
    else for (let i = 0; i < 5; i++) server.say('bob', 'lobby', `m${i}`);
    await pass(1000);
    assert.equal(room.place().isIn, true);
    assert.deepEqual(chat.outbox.entries(), [], after);
    chat.close();
  }
});

test('a hole in seq is healed at once', async () => {
  const heard = listen(open('ana').join('lobby'));
  await settle();
  server.swallow((frame) => frame.body === 'two');
  server.say('bob', 'lobby', 'one');
  server.say('bob', 'lobby', 'two');
  await settle();
  server.swallow(() => false);
  server.say('bob', 'lobby', 'three');
  server.say('bob', 'lobby', 'four');
  await settle();
  assert.deepEqual(heard, ['one', 'two', 'three', 'four']);
});

test('an ack that is lost: the same cid again, and one message', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  const heard = listen(room);
  await settle();
  server.swallow((frame) => frame.type === 'ack');
  const sent = room.send('once');
  await settle();
  server.swallow(() => false);
  await pass(9_000);
  assert.equal(server.sockets.size, 1);
  await pass(3_000);
  const ack = await sent;
  assert.equal(ack.dup, true);
  assert.deepEqual(bodies(), ['once']);
  assert.deepEqual(heard, ['once']);
});

test('a message that went into a dead connection is sent again, and those behind it in order', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  const real = server.connect;
  [...server.sockets][0].send = () => {};
  const all = ['one', 'two', 'three'].map((text) => room.send(text));
  await pass(12_000);
  await Promise.all(all);
  assert.deepEqual(bodies(), ['one', 'two', 'three']);
  assert.equal(real, server.connect);
});

test('written while there is no connection: kept, sent later; also by the next page', async () => {
  const chat = open('ana', { storage });
  const room = chat.join('lobby');
  await settle();
  server.refuse((f) => (f.type === 'join' ? { code: 'unavailable', error: 'Later.' } : null));
  server.cut();
  await settle();
  room.send('one').catch(() => {});
  room.send('two').catch(() => {});
  await settle();
  assert.equal(chat.outbox.waiting(), 2);
  server.refuse(() => null);
  const next = open('ana', { storage });
  chat.close();
  assert.deepEqual(next.outbox.entries().map((e) => e.body), ['one', 'two']);
  next.join('lobby');
  await settle();
  assert.deepEqual(bodies(), ['one', 'two']);
});

test('our own old connection is displaced by its key', async () => {
  const chat = open('ana', { storage });
  chat.join('lobby');
  await settle();
  const next = open('ana', { storage });
  next.join('lobby');
  await settle();
  assert.equal(next.state().phase, 'online');
  assert.equal(chat.state().cause, 'replaced');
  const other = open('Ana');
  other.join('lobby');
  await settle();
  assert.deepEqual([other.state().phase, other.state().cause, other.state().reason], ['rejected', 'taken', 'Somebody has this name.']);
});

test('too fast: waits as long as the server says, then goes on in order', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  let refusals = 0;
  server.refuse((f) =>
    f.type === 'message' && f.body === 'two' && refusals++ === 0
      ? { code: 'rate_limited', error: 'Slow down.', retry_after: 5_000 }
      : null,
  );
  for (const text of ['one', 'two', 'three']) room.post(text);
  await pass(4_000);
  assert.deepEqual(bodies(), ['one']);
  await pass(2_000);
  assert.deepEqual(bodies(), ['one', 'two', 'three']);
});

test('two rooms that are to wait, one longer than the other: both go, and nothing else wakes them', async () => {
  const chat = open('ana');
  const rooms = [chat.join('lobby'), chat.join('tea')];
  await settle();
  const waits = { lobby: [900], tea: [5_000] };
  server.refuse((f) => {
    const retry_after = f.type === 'message' && waits[f.room].pop();
    return retry_after ? { code: 'rate_limited', error: 'Slow down.', retry_after } : null;
  });
  for (const room of rooms) for (const text of ['one', 'two']) room.post(text);
  await pass(4_000);
  assert.deepEqual(bodies('lobby'), ['one', 'two']);
  await pass(10_000);
  assert.deepEqual(bodies('tea'), ['one', 'two']);
  assert.deepEqual(chat.outbox.entries(), []);
});

test('what was to be done in a room that one leaves is not done when one is back', async () => {
  let isFrozen = false;
  const openSocket = (url) => {
    const socket = server.connect(url);
    const { send } = socket;
    return Object.assign(socket, { send: (text) => isFrozen || send(text) });
  };
  const chat = open('ana', { openSocket });
  chat.join('lobby');
  const room = chat.join('tea');
  await settle();
  const { id } = await room.send('a message');
  isFrozen = true;
  const edit = room.edit(id, 'changed');
  const { cid } = room.post('given up');
  await settle();
  chat.outbox.remove(cid);
  room.leave().catch(() => {});
  await assert.rejects(edit, { code: 'lost' });
  isFrozen = false;
  server.cut();
  await pass(5_000);
  chat.join('tea');
  await pass(5_000);
  assert.deepEqual(server.room('tea').log.map(({ type, body }) => `${type} ${body}`), ['message a message']);
});

test('a message that waits for its ack when one leaves stays, and arrives once', async () => {
  const chat = open('ana');
  chat.join('lobby');
  const room = chat.join('tea');
  await settle();
  server.swallow((f) => f.type === 'ack');
  room.post('one');
  room.leave().catch(() => {});
  await settle();
  server.swallow(() => false);
  chat.join('tea');
  await pass(20_000);
  assert.deepEqual(bodies('tea'), ['one']);
  assert.deepEqual(chat.outbox.entries(), []);
});

test('too fast, without a word about what: all that is not answered goes again, and nothing is doubled', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  let refusals = 0;
  server.refuse((f) => (f.type !== 'pong' && ++refusals % 2 ? { code: 'rate_limited', error: 'Slow.', retry_after: 500, cid: undefined } : null));
  const all = ['one', 'two', 'three'];
  for (const text of all) room.post(text);
  const page = room.history();
  chat.join('other');
  await pass(20_000);
  assert.deepEqual(bodies(), all);
  assert.equal((await page).type, 'history');
  assert.equal(chat.room('other').place().isIn, true);
});

test('refused for good: told, and the next one goes', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  server.refuse((f) => (f.body === 'bad' ? { code: 'forbidden', error: 'No.' } : null));
  const bad = room.send('bad');
  const good = room.send('good');
  await assert.rejects(bad, { message: 'No.', code: 'forbidden' });
  await good;
  assert.deepEqual(bodies(), ['good']);
  const [entry] = chat.outbox.entries().filter((e) => e.state === 'failed');
  server.refuse(() => null);
  chat.retry(entry.cid);
  await settle();
  assert.deepEqual(bodies(), ['good', 'bad']);
});

test('a change that went into a dead connection is made once, later', async () => {
  const room = open('ana').join('lobby');
  await settle();
  const { id } = await room.send('hello');
  server.swallow((f) => f.type === 'ack');
  const edit = room.edit(id, 'changed');
  await settle();
  server.swallow(() => false);
  await pass(12_000);
  assert.equal((await edit).dup, true);
  assert.deepEqual(server.room('lobby').log.map((e) => e.type), ['message', 'edit']);
});

test('a change is refused with its reason', async () => {
  const room = open('ana').join('lobby');
  await settle();
  server.refuse(() => ({ code: 'not_author', error: 'Not yours.' }));
  await assert.rejects(room.edit('x', 'y'), { code: 'not_author', message: 'Not yours.' });
});

test('history, people, rooms, search', async () => {
  for (let i = 0; i < 10; i++) server.say('bob', 'lobby', `m${i}`);
  const chat = open('ana');
  const room = chat.join('lobby', { last: 2 });
  await settle();
  const page = await room.history({ before: 9, limit: 3 });
  assert.deepEqual(page.messages.map((m) => m.body), ['m5', 'm6', 'm7']);
  assert.equal(page.more, true);
  assert.deepEqual((await room.users()).users, ['ana']);
  assert.equal((await chat.listRooms()).rooms[0].name, 'lobby');
  assert.deepEqual((await chat.search('m3')).messages.map((m) => m.body), ['m3']);
});

test('a question that the link does not survive fails; leaving ends the room', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  server.swallow((f) => f.type === 'history');
  const asked = room.history();
  server.cut();
  await assert.rejects(asked, { code: 'lost' });
  await pass(1000);
  await room.leave();
  assert.deepEqual(chat.rooms(), []);
  assert.equal(server.room('lobby').members.length, 0);
});

test('a later room that is refused is told, and the connection stays', async () => {
  const chat = open('ana');
  chat.join('lobby');
  await settle();
  server.refuse((f) => (f.room === 'full' ? { code: 'room_limit', error: 'Too many rooms.' } : null));
  const told = [];
  chat.join('full').on('error', (e) => told.push(e.code));
  await settle();
  assert.deepEqual(told, ['room_limit']);
  assert.deepEqual(chat.rooms(), ['lobby']);
  assert.equal(chat.state().phase, 'online');
});

test('typing is passed on every three seconds', async () => {
  const room = open('ana').join('lobby');
  await settle();
  for (let i = 0; i < 10; i++) {
    room.typing();
    await pass(500);
  }
  const [socket] = server.sockets;
  assert.equal(socket.sent.filter((f) => f.type === 'typing').length, 2);
});

test('far too fast: what is refused goes one after the other, not all of it for each refusal', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  const { id } = await room.send('a message');
  let tokens = 5;
  let filledAt = now;
  let heard = 0;
  server.refuse((f) => {
    if (f.type !== 'react') return null;
    heard++;
    tokens = Math.min(5, tokens + ((now - filledAt) / 1000) * 50);
    filledAt = now;
    if (tokens < 1) return { code: 'rate_limited', error: 'Slow down.', retry_after: 100 };
    tokens--;
    return null;
  });
  const all = Array.from({ length: 40 }, (_, i) => room.react(id, `r${i}`));
  await pass(10_000);
  await Promise.all(all);
  assert.ok(heard < 100, `${heard} requests`);
});

test('a first room that cannot be is told, and the next one signs in', async () => {
  const chat = open('ana');
  const bad = chat.join('bad');
  const good = chat.join('lobby');
  const told = new Promise((resolve) => bad.on('error', resolve));
  server.refuse((f) => (f.room === 'bad' ? { code: 'bad_request', error: 'No such name.' } : null));
  assert.equal((await told).error, 'No such name.');
  await settle();
  assert.equal(chat.state().phase, 'online');
  await good.send('here');
  assert.deepEqual(bodies(), ['here']);
});

test('what was sent to a room that is refused is told so', async () => {
  const chat = open('ana');
  chat.join('lobby');
  await settle();
  server.refuse((f) => (f.room === 'bad' ? { code: 'bad_request', error: 'No such name.' } : null));
  await assert.rejects(chat.join('bad').edit('x', 'y'), { code: 'bad_request', message: 'No such name.' });
});

test('a message for a room that is refused has failed, and goes when it is tried again; what may have arrived waits', async () => {
  const chat = open('ana');
  chat.join('lobby');
  const room = chat.join('tea');
  await settle();
  server.swallow((f) => f.type === 'ack');
  const maybe = room.send('maybe there');
  await settle();
  const never = room.send('never sent');
  server.cut();
  server.refuse((f) => (f.type === 'join' && f.room === 'tea' ? { code: 'room_limit', error: 'Too many rooms.' } : null));
  await Promise.all([assert.rejects(never, { code: 'room_limit', message: 'Too many rooms.' }), pass(2_000)]);
  assert.deepEqual(chat.outbox.entries().map((e) => [e.body, e.state]), [['maybe there', 'queued'], ['never sent', 'failed']]);
  server.refuse(() => null);
  server.swallow(() => false);
  chat.join('tea');
  await maybe;
  chat.retry(chat.outbox.entries().find((e) => e.state === 'failed').cid);
  await settle();
  assert.deepEqual(server.room('tea').log.map((e) => e.body), ['maybe there', 'never sent']);
});

test('an only room that cannot be ends the connection, until another is joined', async () => {
  const chat = open('ana');
  const told = new Promise((resolve) => chat.join('bad').on('error', resolve));
  server.refuse((f) => (f.room === 'bad' ? { code: 'bad_request', error: 'No such name.' } : null));
  await told;
  await settle();
  assert.equal(chat.state().phase, 'idle');
  await chat.join('lobby').send('here');
  assert.deepEqual(bodies(), ['here']);
});

// More than limits.frame, once it is written as JSON.
const tooLong = '"'.repeat(40_000);

test('what is longer than a frame may be is refused here, is never sent, and blocks nothing', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  const first = room.send('first');
  const long = room.send(tooLong);
  const next = room.send('next');
  await assert.rejects(long, { code: 'too_long' });
  await Promise.all([first, next]);
  assert.deepEqual(bodies(), ['first', 'next']);
  assert.deepEqual(chat.outbox.entries().map((e) => [e.state, e.code]), [['failed', 'too_long']]);
  const { id } = await first;
  await assert.rejects(room.edit(id, tooLong), { code: 'too_long' });
  await room.edit(id, 'FIRST');
  await pass(20_000);
  server.cut();
  await pass(1000);
  assert.equal(chat.state().phase, 'online');
  const [socket] = server.sockets;
  assert.deepEqual(socket.sent.map((f) => f.type), ['join']);
  assert.deepEqual(server.room('lobby').log.map((e) => [e.type, e.body]), [['message', 'first'], ['message', 'next'], ['edit', 'FIRST']]);
});

test('half a character goes as U+FFFD, and blocks nothing', async () => {
  const room = open('ana').join('lobby');
  await settle();
  const ack = await room.send('half \ud83e');
  await room.edit(ack.id, '\udd8a half');
  await room.send('next');
  assert.deepEqual(server.room('lobby').log.map((e) => [e.type, e.body]), [
    ['message', 'half \ufffd'],
    ['edit', '\ufffd half'],
    ['message', 'next'],
  ]);
});

test('a listener that throws costs no other its events, and no place in the log', async (t) => {
  const { mock } = t.mock.method(console, 'error', () => {});
  for (const text of ['one', 'two', 'three']) server.say('bob', 'lobby', text);
  const chat = open('ana');
  const room = chat.join('lobby');
  for (const type of ['joined', 'message'])
    room.on(type, () => {
      throw new Error(`a fault at ${type}`);
    });
  chat.on('frame', ({ type }) => {
    if (type === 'joined') throw new Error('a fault at the frame');
  });
  const heard = listen(room);
  await settle();
  server.say('bob', 'lobby', 'four');
  await room.send('five');
  await settle();
  assert.deepEqual(heard, ['one', 'two', 'three', 'four', 'five']);
  assert.deepEqual([room.place().seq, room.place().isIn], [5, true]);
  assert.deepEqual(
    mock.calls.map(({ arguments: [fault] }) => fault.message),
    ['a fault at the frame', 'a fault at joined', ...heard.map(() => 'a fault at message')],
  );
  server.cut();
  await pass(1000);
  assert.deepEqual(heard, ['one', 'two', 'three', 'four', 'five']);
});

test('close() rejects what is not sent yet, in every room', async () => {
  const chat = open('ana');
  const room = chat.join('lobby');
  await settle();
  server.swallow((frame) => frame.type === 'ack');
  const all = [room.send('on its way'), room.send('behind it'), chat.join('later').send('not in yet')];
  chat.close();
  for (const each of all) await assert.rejects(each, { code: 'lost' });
});

test('what is longer than a frame may be, said with nothing before it', async () => {
  const room = open('ana').join('lobby');
  await settle();
  let told;
  room.send(tooLong).catch((error) => (told = error.code));
  await pass(20_000);
  assert.equal(told, 'too_long');
  await room.send('next');
  assert.deepEqual(bodies(), ['next']);
});
