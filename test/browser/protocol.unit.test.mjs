import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.mjs';

const {
  cleanName,
  cleanRoom,
  decode,
  encodeMessage,
  isTooLong,
  meaningOfClose,
  nameFault,
  nameKey,
  roomFault,
  socketUrl,
} = await client('protocol.js');

test('the socket address follows the page: scheme, host and path prefix', () => {
  const lobby = { name: 'ana', room: 'lobby' };
  assert.equal(socketUrl('http://chat.example:8080/', lobby), 'ws://chat.example:8080/ws?username=ana');
  assert.equal(
    socketUrl('https://example.org/talk/?room=x#/r/y', lobby),
    'wss://example.org/talk/ws?username=ana',
  );
  assert.equal(
    socketUrl('https://example.org/talk/index.html', lobby),
    'wss://example.org/talk/ws?username=ana',
  );
});

test('names and rooms are percent-encoded whole, blanks too', () => {
  assert.equal(
    socketUrl('http://h/', { name: 'Ada & Bob+Ç', room: 'café' }),
    'ws://h/ws?username=Ada%20%26%20Bob%2B%C3%87&room=caf%C3%A9',
  );
});

test('the five frames of the server are taken', () => {
  for (const frame of [
    { type: 'message', id: '1', username: 'ana', body: 'hi', ts: 1690000000000 },
    { type: 'join', username: 'ana' },
    { type: 'leave', username: 'ana' },
    { type: 'users', users: ['ana', 'bob'] },
    { type: 'error', error: 'no' },
  ]) {
    assert.deepEqual(decode(JSON.stringify(frame)), frame);
    assert.deepEqual(decode(JSON.stringify({ ...frame, later: true })), { ...frame, later: true });
  }
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
    '{"type":"constructor"}',
    '{"type":"__proto__"}',
    '{"type":"message"}',
    '{"type":"message","id":"1","username":"a","body":7,"ts":1}',
    '{"type":"message","id":"1","username":"a","body":"b","ts":"1"}',
    '{"type":"message","id":"1","username":"a","body":"b","ts":8640000000000001}',
    '{"type":"users","users":"ana"}',
    '{"type":"users","users":["a",7]}',
    '{"type":"join","username":null}',
  ])
    assert.equal(decode(text), null, text);
  assert.equal(decode(new ArrayBuffer(4)), null);
});

test('a message is the origin frame and nothing more', () => {
  assert.equal(encodeMessage('a "b"\n<c>'), '{"type":"message","body":"a \\"b\\"\\n<c>"}');
  assert.equal(isTooLong('x'.repeat(65_000)), false);
  assert.equal(isTooLong('x'.repeat(65_536)), true);
  assert.equal(isTooLong('€'.repeat(30_000)), true);
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
    assert.equal(nameFault(name), null, name);
  for (const name of ['', '   ', '\t\n']) assert.equal(nameFault(name), 'nameEmpty');
  for (const name of ['x'.repeat(33), '🏳️‍🌈'.repeat(10)]) assert.equal(nameFault(name), 'nameLong');
  for (const name of ['a\u0007b', 'a\u202eb', 'a\u200bb', 'a\ue000', 'a\u2066b', 'a\ud800'])
    assert.equal(nameFault(name), 'nameCharacters', JSON.stringify(name));
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
  for (const room of ['', 'ops', 'a.b_c-d', 'кухня', '部屋', '#Ops'])
    assert.equal(roomFault(room), null, room);
  for (const room of ['a b', 'a/b', '<b>', 'a?']) assert.equal(roomFault(room), 'roomCharacters', room);
  assert.equal(roomFault('x'.repeat(65)), 'roomLong');
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
