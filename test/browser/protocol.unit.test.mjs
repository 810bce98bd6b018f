import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.mjs';

const { cleanName, cleanRoom, decode, meaningOfClose, nameKey, newCid, socketUrl } = await client('hubbub.js');
const { nameFault, roomFault, strings } = await client('words.js');

test('the socket address follows the page: scheme, host and path prefix, and no name in it', () => {
  assert.equal(socketUrl('http://chat.example:8080/'), 'ws://chat.example:8080/ws');
  assert.equal(socketUrl('https://example.org/talk/?room=x#/r/y'), 'wss://example.org/talk/ws');
  assert.equal(socketUrl('https://example.org/talk/index.html'), 'wss://example.org/talk/ws');
  assert.equal(socketUrl('wss://example.org/'), 'wss://example.org/ws');
});

test('a cid is 96 random bits, and short enough', () => {
  const all = new Set(Array.from({ length: 1000 }, newCid));
  assert.equal(all.size, 1000);
  for (const cid of all) assert.match(cid, /^[0-9a-f]{24}$/);
});

const message = { id: '1', seq: 1, username: 'ana', body: 'hi', ts: 1690000000000 };
const change = { room: 'lobby', id: '1', seq: 2, username: 'ana', ts: 1690000000000 };

test('the frames of the server are taken, whatever else is in them', () => {
  for (const frame of [
    { type: 'hello', version: 2, server: 'x', build: 'y', limits: {} },
    { type: 'left', room: 'lobby' },
    { type: 'ack', cid: 'c', room: 'lobby', id: '1', seq: 1, ts: 1 },
    { type: 'message', room: 'lobby', ...message },
    { type: 'message', room: 'lobby', ...message, reply_to: '0' },
    { type: 'edit', ...change, body: 'x' },
    { type: 'delete', ...change },
    { type: 'react', ...change, emoji: 'x', on: true },
    { type: 'join', room: 'lobby', username: 'ana' },
    { type: 'leave', room: 'lobby', username: 'ana', reason: 'quit' },
    { type: 'typing', room: 'lobby', username: 'ana' },
    { type: 'users', room: 'lobby', users: ['ana', 'bob'] },
    { type: 'error', error: 'no', code: 'forbidden' },
    { type: 'bye', code: 1001 },
    { type: 'pong' },
  ]) {
    assert.deepEqual(decode(JSON.stringify(frame)), frame);
    assert.deepEqual(decode(JSON.stringify({ ...frame, later: true })), { ...frame, later: true });
  }
});

test('one odd entry in a list does not cost the rest', () => {
  const odd = [null, 7, {}, { ...message, ts: 'x' }, { ...message, type: 'message', body: 1 }, { type: '__proto__' }];
  const joined = decode(
    JSON.stringify({
      type: 'joined',
      room: 'lobby',
      username: 'ana',
      epoch: 'e',
      seq: 1,
      users: [],
      events: [...odd, { type: 'message', ...message }, { type: 'delete', ...change }],
    }),
  );
  assert.deepEqual(joined.events, [
    { type: 'message', ...message, reactions: {} },
    { type: 'delete', ...change },
  ]);
  const page = decode(
    JSON.stringify({
      type: 'history',
      room: 'lobby',
      messages: [...odd, { ...message, reactions: { a: ['bob'], b: 'x', c: [], d: [1] } }],
    }),
  );
  assert.deepEqual(page.messages, [{ type: 'message', ...message, reactions: { a: ['bob'] } }]);
});

test('anything else is ignored', () => {
  for (const text of [
    '',
    'x',
    '{',
    'null',
    '[]',
    '7',
    '"message"',
    '{}',
    '{"type":7}',
    '{"type":"hello"}',
    '{"type":"hello","version":3}',
    '{"type":"constructor"}',
    '{"type":"__proto__"}',
    '{"type":"message"}',
    '{"type":"message","room":"r","seq":1,"id":"1","username":"a","body":7,"ts":1}',
    '{"type":"message","room":"r","seq":1,"id":"1","username":"a","body":"b","ts":"1"}',
    '{"type":"message","room":"r","seq":1,"id":"1","username":"a","body":"b","ts":8640000000000001}',
    '{"type":"message","room":"r","seq":-1,"id":"1","username":"a","body":"b","ts":1}',
    '{"type":"message","seq":1,"id":"1","username":"a","body":"b","ts":1}',
    '{"type":"users","room":"r","users":"ana"}',
    '{"type":"users","room":"r","users":["a",7]}',
    '{"type":"join","room":"r","username":null}',
  ])
    assert.equal(decode(text), null, text);
  assert.equal(decode(new ArrayBuffer(4)), null);
});

test('names: what the server would refuse is told without asking it', () => {
  for (const name of [
    'ana',
    '  ana  ',
    'Ada Lovelace',
    '木村',
    'مريم',
    '👩‍👩‍👧 fam',
    '<b>',
    'x'.repeat(32),
    '🏳️‍🌈'.repeat(9),
  ])
    assert.equal(nameFault(name), '', name);
  for (const name of ['', '   ', '\t\n']) assert.equal(nameFault(name), strings.nameEmpty);
  for (const name of ['x'.repeat(33), '🏳️‍🌈'.repeat(10)]) assert.equal(nameFault(name), strings.nameLong);
  for (const name of ['a\u0007b', 'a\u202eb', 'a\u200bb', 'a\ue000', 'a\u2066b', 'a\ud800'])
    assert.equal(nameFault(name), strings.nameCharacters, JSON.stringify(name));
  assert.equal(cleanName(' Cafe\u0301 '), 'Caf\u00e9');
});

test('two spellings of one name have the same key', () => {
  assert.equal(nameKey('Alice'), nameKey('alice'));
  assert.equal(nameKey('ＡＬＩＣＥ'), nameKey('alice'));
  assert.equal(nameKey('Cafe\u0301'), nameKey('CAF\u00c9'));
  assert.notEqual(nameKey('alice'), nameKey('alicia'));
});

test('rooms', () => {
  assert.equal(cleanRoom(''), 'lobby');
  assert.equal(cleanRoom(' #Ops '), 'ops');
  assert.equal(cleanRoom('Straße'), 'strasse');
  assert.equal(cleanRoom('ΦΊΛΟΣ'), cleanRoom('φίλος'));
  assert.equal(cleanRoom('kıta'), 'kıta');
  for (const room of ['', 'ops', 'a.b_c-d', 'кухня', '部屋', '#Ops'])
    assert.equal(roomFault(room), '', room);
  for (const room of ['a b', 'a/b', '<b>', 'a?']) assert.equal(roomFault(room), strings.roomCharacters, room);
  assert.equal(roomFault('x'.repeat(65)), strings.roomLong);
});

test('close codes: final ones are not retried', () => {
  for (const code of [1002, 1003, 1007, 1009, 4400, 4401, 4403, 4408, 4409, 4410])
    assert.equal(meaningOfClose(code).final, true, code);
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4429])
    assert.equal(meaningOfClose(code).final, false, code);
  assert.equal(meaningOfClose(1001).cause, 'restart');
  assert.equal(meaningOfClose(4409).cause, 'taken');
  assert.equal(meaningOfClose(1006).cause, 'lost');
});
