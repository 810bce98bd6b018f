// What becomes of a message, and of what is no message (docs/protocol.md, "v1").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { BINARY, rawJoin } from '../support/rawws.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ message_rate: 0, max_frame: '256k' });

test('a message goes to all members, the sender too, with exactly the five fields', async () => {
  const room = 'all';
  const people = [];
  for (const name of ['ann', 'bob', 'cleo']) people.push(await join(daemon, name, { room }));
  const before = Date.now();
  people[1].say('Hello everyone');
  const got = await Promise.all(people.map((person) => person.until({ type: 'message' })));
  const [{ id, ts }] = got;
  for (const event of got)
    assert.deepEqual(event, { type: 'message', id, username: 'bob', body: 'Hello everyone', ts });
  assert.equal(typeof id, 'string');
  assert.notEqual(id, '');
  assert.ok(Number.isSafeInteger(ts) && ts >= before - 1000 && ts <= Date.now() + 1000, `ts is Unix time in ms: ${ts}`);
  for (const person of people) await person.leave();
});

test('ids are unique, over rooms too, and ts never goes back', async () => {
  const people = await Promise.all(['one', 'two'].map((room) => join(daemon, 'ann', { room })));
  for (let i = 0; i < 200; i++) for (const person of people) person.say(`${i}`);
  const ids = new Set();
  for (const person of people) {
    let last = 0;
    for (let i = 0; i < 200; i++) {
      const event = await person.until({ type: 'message' });
      assert.equal(event.body, `${i}`);
      assert.ok(event.ts >= last);
      last = event.ts;
      ids.add(event.id);
    }
  }
  assert.equal(ids.size, 400);
  for (const person of people) await person.leave();
});

test('ids of two runs of the server differ', async (t) => {
  const ids = new Set();
  for (let run = 0; run < 2; run++) {
    const own = await serveFor(t);
    const ann = await join(own, 'ann');
    ann.say('x');
    ids.add((await ann.until({ type: 'message' })).id);
    await own.stop();
  }
  assert.equal(ids.size, 2);
});

test('a body arrives as it was sent', async () => {
  const ann = await join(daemon, 'ann', { room: 'bodies' });
  const bob = await join(daemon, 'bob', { room: 'bodies' });
  const bodies = [
    ' ',
    ' blanks around stay ',
    '<script>alert("x")</script> & &amp; \' ` </b>',
    'line\nline\r\ntab\tend',
    '"\\ \/ \u0001 \u001f \u007f',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u0627\u0644\u0633\u0644\u0627\u0645 \u202e\u202c \ufeff \uffff \u{10ffff}',
    '{"type":"leave","username":"bob"}',
    '\u2028\u2029',
    'Zoe\u0308 is not composed here',
  ];
  for (const body of bodies) {
    ann.say(body);
    assert.equal((await bob.until({ type: 'message' })).body, body);
  }
  await ann.leave();
  await bob.leave();
});

test('unknown fields are ignored, and fields that only the server may write are not believed', async () => {
  const ann = await join(daemon, 'ann', { room: 'fields' });
  ann.send({ type: 'message', body: 'x', id: 'mine', ts: 1, username: 'eve', room: 'lobby', to: ['eve'], x: { y: [] } });
  const event = await ann.until({ type: 'message' });
  assert.deepEqual(Object.keys(event).sort(), ['body', 'id', 'ts', 'type', 'username']);
  assert.equal(event.username, 'ann');
  assert.notEqual(event.id, 'mine');
  assert.notEqual(event.ts, 1);
  await ann.leave();
});

test('the order of fields, blanks and escapes in the JSON do not matter', async () => {
  const ann = await join(daemon, 'ann', { room: 'json' });
  ann.send(' \r\n\t{ "body" : "\\u0068\\ud83d\\ude00" ,\n "type":"mess\\u0061ge" } \n');
  assert.equal((await ann.until({ type: 'message' })).body, 'h\u{1f600}');
  await ann.leave();
});

test('a body of exactly the limit is taken, one byte more is an error; bytes count, not characters', async () => {
  const ann = await join(daemon, 'ann', { room: 'long' });
  for (const letter of ['x', '\u00e9', '\u20ac', '\u{1f600}']) {
    const size = Buffer.byteLength(letter);
    const longest = letter.repeat(Math.floor(16384 / size)) + 'x'.repeat(16384 % size);
    assert.equal(Buffer.byteLength(longest), 16384);
    ann.say(longest);
    assert.equal((await ann.until({ type: 'message' })).body, longest);
    ann.say(`${longest}x`);
    assert.match(await ann.error(), /16384/);
  }
  await ann.leave();
});

const deep = (open, close, levels) => open.repeat(levels) + close.repeat(levels);
const malformed = {
  'not JSON': 'hello',
  nothing: '',
  'only blanks': '   ',
  'a broken object': '{"type":"message","body":"x"',
  'two objects': '{"type":"message","body":"x"}{"type":"message","body":"y"}',
  'a trailing comma': '{"type":"message","body":"x",}',
  'single quotes': "{'type':'message','body':'x'}",
  'a byte order mark': '\ufeff{"type":"message","body":"x"}',
  'a comment': '/**/{"type":"message","body":"x"}',
  'a bare control character in a string': '{"type":"message","body":"a\u0001b"}',
  'a bare NUL after the object': '{"type":"message","body":"x"}\u0000',
  'an array': '["message","x"]',
  'an array of requests': '[{"type":"message","body":"x"}]',
  'a string': '"message"',
  'a number': '7',
  null: 'null',
  true: 'true',
  'an empty object': '{}',
  'no type': '{"body":"x"}',
  'a type that is no string': '{"type":7,"body":"x"}',
  'a type that is null': '{"type":null,"body":"x"}',
  'an unknown type': '{"type":"shout","body":"x"}',
  'an empty type': '{"type":"","body":"x"}',
  'a type in capitals': '{"type":"MESSAGE","body":"x"}',
  'a type that only begins as a known one': '{"type":"message\\u0000","body":"x"}',
  'an event of the server: users': '{"type":"users","users":[]}',
  'an event of the server: leave': '{"type":"leave","username":"ann"}',
  'an event of the server: error': '{"type":"error","error":"x"}',
  'no body': '{"type":"message"}',
  'a body that is null': '{"type":"message","body":null}',
  'a body that is a number': '{"type":"message","body":7}',
  'a body that is an object': '{"type":"message","body":{"a":"b"}}',
  'a body that is an array': '{"type":"message","body":["x"]}',
  'an empty body': '{"type":"message","body":""}',
  'a body over the limit': JSON.stringify({ type: 'message', body: 'x'.repeat(16385) }),
  'a body far over the limit': JSON.stringify({ type: 'message', body: 'x'.repeat(200000) }),
  'a NUL escape in the body': '{"type":"message","body":"a\\u0000b"}',
  'a lone high surrogate': '{"type":"message","body":"\\ud83d"}',
  'a lone low surrogate': '{"type":"message","body":"\\ude00"}',
  'surrogates the wrong way round': '{"type":"message","body":"\\ude00\\ud83d"}',
  'a bad escape': '{"type":"message","body":"\\x41"}',
  'a huge integer': '{"type":"message","body":99999999999999999999999999999999999}',
  'a huge exponent': '{"type":"message","body":1e99999}',
  'arrays 100,000 deep': deep('[', ']', 100000),
  'arrays 100,000 deep and never closed': '['.repeat(200000),
  'objects 20,000 deep': '{"a":'.repeat(20000) + '1' + '}'.repeat(20000),
  'deep nesting in a field nobody reads': `{"type":"message","body":"x","n":${deep('[', ']', 50000)}}`,
};

for (const [what, text] of Object.entries(malformed)) {
  test(`malformed: ${what}: an error to the sender alone, and the connection stays`, async () => {
    const room = `malformed${Object.keys(malformed).indexOf(what)}`;
    const ann = await join(daemon, 'ann', { room });
    const bob = await join(daemon, 'bob', { room });
    await ann.until({ type: 'join', username: 'bob' });
    ann.send(text);
    const error = await ann.nextBut('users');
    assert.deepEqual(Object.keys(error).sort(), ['error', 'type'], JSON.stringify(error));
    assert.ok(error.error.length > 10, 'a sentence for a person');
    ann.say('still here');
    assert.equal((await ann.nextBut('users')).body, 'still here');
    assert.equal((await bob.nextBut('users')).body, 'still here');
    await Promise.all([ann.leave(), bob.leave()]);
  });
}

test('ten faults in a row: an error for each, then close 4400', async () => {
  const ann = await join(daemon, 'ann', { room: 'faults' });
  for (let i = 0; i < 9; i++) {
    ann.send('not json');
    await ann.error();
  }
  ann.send('{"type":"nothing"}');
  await ann.error();
  assert.equal((await ann.end()).code, 4400);
});

test('ten faults in a row close a connection that has not joined as well', async () => {
  const eve = await connect(daemon, { room: 'faults' });
  for (let i = 0; i < 10; i++) eve.send('{"type":"join"}');
  await eve.error();
  assert.equal((await eve.end()).code, 4400);
});

test('a good request between them starts the count of faults again', async () => {
  const ann = await join(daemon, 'ann', { room: 'pardon' });
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 9; i++) ann.send('[]');
    ann.say(`round ${round}`);
    for (let i = 0; i < 9; i++) await ann.error();
    assert.equal((await ann.next()).body, `round ${round}`);
  }
  await ann.leave();
});

test('an error that ends one connection disturbs nobody else', async () => {
  const room = 'calm';
  const ann = await join(daemon, 'ann', { room });
  const eve = await rawJoin(daemon, 'eve', room);
  await ann.until({ type: 'join', username: 'eve' });
  eve.send({ opcode: BINARY, payload: 'x' });
  await eve.untilClose();
  await ann.until({ type: 'leave', username: 'eve' });
  ann.say('calm');
  await ann.until({ body: 'calm' });
  eve.destroy();
  await ann.leave();
});
