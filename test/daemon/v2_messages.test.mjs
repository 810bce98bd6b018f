// Messages, edits, deletions, reactions and typing with chat.v2, and what version 1 sees of them
// (docs/protocol.md, "v2" and "Promises").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/chat.mjs';
import { comeBack, journal, meet, member } from '../support/member.mjs';
import { serve, serveFor } from '../support/serve.mjs';

const daemon = serve({ ...journal, message_rate: 0, workers: 2, max_body: 4096 });

async function company(room, ...names) {
  const members = [];
  for (const name of names) members.push(await member(daemon, name, room));
  return members;
}

async function end(...members) {
  for (const one of members) await one.leave();
}

test('a message: the ack first, then the event to all, the sender too; version 1 gets its five fields', async () => {
  const room = 'all';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const old = await join(daemon, 'old', { room });
  const ack = await ann.say(room, 'Hello everyone', { cid: 'c-1' });
  assert.deepEqual(ack, { type: 'ack', cid: 'c-1', room, id: ack.id, seq: 1, ts: ack.ts });
  const event = { type: 'message', room, id: ack.id, seq: 1, username: 'ann', body: 'Hello everyone', ts: ack.ts };
  assert.deepEqual(await ann.until({ type: 'message' }), event);
  assert.deepEqual(await bob.until({ type: 'message' }), event);
  const { frames } = ann;
  assert.ok(frames.findIndex(({ type }) => type === 'ack') < frames.findIndex(({ type }) => type === 'message'));
  assert.deepEqual(await old.until({ type: 'message' }), {
    type: 'message', id: ack.id, username: 'ann', body: 'Hello everyone', ts: ack.ts,
  });
  old.say('from version 1');
  const reply = await ann.until({ username: 'old' });
  assert.equal(reply.seq, 2);
  assert.equal((await old.until({ body: 'from version 1' })).id, reply.id);
  await old.leave();
  await end(ann, bob);
});

test('a message without a cid is acknowledged without one', async () => {
  const [ann] = await company('no-cid', 'ann');
  ann.send({ type: 'message', room: 'no-cid', body: 'x' });
  const ack = await ann.until({ type: 'ack' });
  assert.equal('cid' in ack, false);
  assert.equal((await ann.until({ type: 'message' })).id, ack.id);
  await end(ann);
});

test('a cid is stored once: the repeat gets the first ack with dup, and nobody sees it again', async () => {
  const room = 'once';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const first = await ann.say(room, 'once', { cid: 'same' });
  assert.deepEqual(await ann.say(room, 'once', { cid: 'same' }), { ...first, dup: true });
  assert.deepEqual(await ann.say(room, 'something else', { cid: 'same' }), { ...first, dup: true });
  assert.equal((await bob.say(room, 'his own', { cid: 'same' })).dup, undefined);
  await ann.join('elsewhere');
  assert.equal((await ann.say('elsewhere', 'once', { cid: 'same' })).dup, undefined);
  await bob.settle(room);
  assert.deepEqual(bob.seen(room, 'message').map(({ body }) => body), ['once', 'his own', 'settle']);
  await end(ann, bob);
});

test('a cid is known on a new connection too, in any spelling of the name', async () => {
  const room = 'again';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const first = await ann.say(room, 'did it arrive?', { cid: 'x'.repeat(64) });
  await ann.leave();
  const again = await member(daemon, 'ANN', room);
  assert.deepEqual(await again.say(room, 'did it arrive?', { cid: 'x'.repeat(64) }), { ...first, dup: true });
  await bob.settle(room);
  assert.equal(bob.seen(room, 'message').length, 2);
  await end(again, bob);
});

test('a hundred repeats on the way at the same time: one message, a hundred acks', async () => {
  const room = 'burst';
  const [ann, bob] = await company(room, 'ann', 'bob');
  for (let i = 0; i < 100; i++) ann.send({ type: 'message', room, body: 'x', cid: 'burst' });
  const acks = [];
  for (let i = 0; i < 100; i++) acks.push(await ann.until({ type: 'ack' }));
  assert.equal(acks.filter(({ dup }) => dup !== true).length, 1);
  assert.equal(new Set(acks.map(({ id, seq, ts }) => `${id} ${seq} ${ts}`)).size, 1);
  await bob.settle(room);
  assert.equal(bob.seen(room, 'message').length, 2);
  await end(ann, bob);
});

test('bodies arrive as they were sent, live and in history', async () => {
  const room = 'bodies';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const bodies = [
    ' ', ' blanks around stay ', '<script>alert("x")</script> &amp; \'', 'line\nline\r\ntab\tend', '"\\ \/ \u0001 \u001f \u007f',
    '\u{1f468}\u200d\u{1f469} \u0627\u0644 \u202e\u202c \ufeff \uffff \u{10ffff}', '{"type":"bye"}', '\u2028\u2029',
    'Zoe\u0308', 'x'.repeat(4096), '\u20ac'.repeat(1365), "'; DROP TABLE events; --", '%s %n $1 ${x}',
  ];
  for (const body of bodies) {
    await ann.say(room, body);
    assert.equal((await bob.until({ type: 'message' })).body, body);
  }
  const { messages } = await bob.ask({ type: 'history', room });
  assert.deepEqual(messages.map(({ body }) => body), bodies);
  await end(ann, bob);
});

test('edit, delete and react: ack and event carry the id of the message, a seq of their own, and no more', async () => {
  const room = 'changes';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const old = await join(daemon, 'old', { room });
  const { id } = await ann.say(room, 'helo');
  const steps = [
    [ann, { type: 'edit', body: 'hello' }],
    [bob, { type: 'react', emoji: '\u{1f44d}\u{1f3fd}', on: true }],
    [ann, { type: 'react', emoji: '\u{1f44d}\u{1f3fd}', on: true }],
    [bob, { type: 'react', emoji: '\u{1f44d}\u{1f3fd}', on: false }],
    [ann, { type: 'delete' }],
  ];
  let seq = 1;
  for (const [who, request] of steps) {
    const ack = await who.ask({ ...request, room, id });
    assert.deepEqual(ack, { type: 'ack', cid: ack.cid, room, id, seq: ++seq, ts: ack.ts });
    for (const one of [ann, bob])
      assert.deepEqual(await one.until({ type: request.type }), {
        ...request, room, id, seq, username: who.name, ts: ack.ts,
      });
  }
  await ann.say(room, 'next');
  await old.until({ type: 'message', body: 'helo' });
  assert.equal((await old.nextBut('users')).body, 'next', 'version 1 is told of messages alone');
  await old.leave();
  await end(ann, bob);
});

test('what may not be done is refused with its code, and nobody hears of it', async () => {
  const room = 'rules';
  const [ann, bob] = await company(room, 'ann', 'bob');
  await ann.join('other');
  const { id } = await ann.say(room, 'mine');
  const elsewhere = (await ann.say('other', 'x')).id;
  const gone = (await ann.say(room, 'gone')).id;
  await ann.ask({ type: 'delete', room, id: gone });
  const edited = await ann.ask({ type: 'edit', room, id, body: 'still mine' });
  const ofEdit = id.replace(/[^-]+$/, edited.seq.toString(16));
  await bob.refused({ type: 'edit', room, id, body: 'x' }, 'not_author');
  await bob.refused({ type: 'delete', room, id }, 'not_author');
  for (const unknown of [
    gone, elsewhere, ofEdit, `1${id}`, `${id}0`, `0${id}`, id.toUpperCase() === id ? 'X' : id.toUpperCase(), 'x', '-', '1-1',
    '1-1-1', 'ffffffffffffffff-ffffffffffffffff-ffffffffffffffff', '\u{1f600}', id.slice(0, -1), ' ',
  ]) {
    await ann.refused({ type: 'edit', room, id: unknown, body: 'x' }, 'unknown_message');
    await ann.refused({ type: 'delete', room, id: unknown }, 'unknown_message');
    const error = await ann.refused({ type: 'react', room, id: unknown, emoji: 'x', on: true }, 'unknown_message');
    assert.equal(error.room, room);
    if (unknown !== gone)
      await ann.refused({ type: 'message', room, body: 'x', reply_to: unknown }, 'unknown_message');
  }
  await bob.settle(room);
  assert.deepEqual(bob.seen(room, 'message', 'edit', 'delete', 'react').map(({ type }) => type), [
    'message', 'message', 'delete', 'edit', 'message',
  ]);
  await end(ann, bob);
});

test('what no request may contain is refused under its cid, so that its sender does not wait for ever', async () => {
  const ann = await member(daemon, 'ann', 'nul');
  await ann.refused({ type: 'message', room: 'nul', body: 'a\0b' }, 'bad_request');
  await ann.refused({ type: 'message', room: 'nul\0', body: 'x' }, 'bad_request');
  await ann.refused({ type: 'ping\0' }, 'bad_request');
  await ann.refused({ type: 5 }, 'bad_request');
  await ann.refused({}, 'bad_request');
  await ann.ask({ type: 'ping' });
  await end(ann);
});

test('a reply names the message it answers, also one that was deleted', async () => {
  const room = 'replies';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const { id } = await ann.say(room, 'question');
  await bob.say(room, 'answer', { reply_to: id });
  assert.equal((await ann.until({ body: 'answer' })).reply_to, id);
  await ann.ask({ type: 'delete', room, id });
  await bob.say(room, 'late answer', { reply_to: id });
  assert.equal((await ann.until({ body: 'late answer' })).reply_to, id);
  await end(ann, bob);
});

test('a reaction that changes nothing is a dup, and no event', async () => {
  const room = 'reactions';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const { id } = await ann.say(room, 'x');
  const react = (who, emoji, on) => who.ask({ type: 'react', room, id, emoji, on });
  assert.equal((await react(bob, 'a', false)).dup, true);
  assert.equal((await react(bob, 'a', true)).dup, undefined);
  const again = await react(bob, 'a', true);
  assert.equal(again.dup, true);
  assert.equal(again.id, id);
  assert.equal((await react(ann, 'a', true)).seq, 3);
  await ann.settle(room);
  assert.equal(ann.seen(room, 'react').length, 2);
  const { messages } = await ann.ask({ type: 'history', room });
  assert.deepEqual(messages[0].reactions, { a: ['bob', 'ann'] });
  await end(ann, bob);
});

test('a message takes fifty different emoji', async () => {
  const room = 'emoji';
  const [ann] = await company(room, 'ann');
  const { id } = await ann.say(room, 'x');
  for (let i = 0; i < 50; i++) await ann.ask({ type: 'react', room, id, emoji: String.fromCodePoint(0x1f600 + i), on: true });
  await ann.refused({ type: 'react', room, id, emoji: '\u2764\ufe0f', on: true }, 'bad_request');
  const { messages } = await ann.ask({ type: 'history', room });
  assert.equal(Object.keys(messages[0].reactions).length, 50);
  await end(ann);
});

test('the same order for all, from many senders at once', async () => {
  const room = 'order';
  const names = ['ann', 'bob', 'cleo', 'dan'];
  const members = await company(room, ...names);
  const each = 200;
  await Promise.all(
    members.map(async (one) => {
      const acks = [];
      for (let i = 0; i < each; i++) acks.push(one.say(room, `${one.name} ${i}`));
      const seqs = (await Promise.all(acks)).map(({ seq }) => seq);
      assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b), 'in the order in which they were sent');
    }),
  );
  await Promise.all(members.map((one) => one.settle(room)));
  const [first, ...others] = members.map((one) =>
    one.seen(room, 'message').filter(({ body }) => body !== 'settle').map(({ seq, body }) => `${seq} ${body}`),
  );
  assert.equal(first.length, names.length * each);
  for (const other of others) assert.deepEqual(other, first);
  await end(...members);
});

test('typing is passed on at most once in three seconds, and not to version 1', async () => {
  const room = 'typing';
  const [ann, bob] = await company(room, 'ann', 'bob');
  const old = await join(daemon, 'old', { room });
  await ann.join('typing-too');
  for (let i = 0; i < 20; i++) ann.send({ type: 'typing', room });
  assert.deepEqual(await bob.until({ type: 'typing' }), { type: 'typing', room, username: 'ann' });
  await ann.settle(room);
  await bob.settle(room);
  assert.equal(bob.seen(room, 'typing').length, 1);
  ann.send({ type: 'typing', room: 'typing-too' }); /* its own clock in each room */
  bob.send({ type: 'typing', room });
  await ann.until({ type: 'typing', username: 'bob' });
  assert.deepEqual(await old.settle().then((seen) => seen.map(({ type }) => type).filter((type) => type !== 'users')), [
    'message', 'message',
  ]);
  await old.leave();
  await end(ann, bob);
});

/* ---- what is wrong with a request ---- */

const id = '1-1-1';
const malformed = [
  ['no JSON', 'hello'],
  ['an array', '[]'],
  ['no type', '{"room":"r"}'],
  ['an unknown type', '{"type":"shout","room":"r"}', 'unsupported'],
  ['a type in capitals', '{"type":"JOIN"}', 'unsupported'],
  ['an event of the server', '{"type":"joined","room":"r"}', 'unsupported'],
  ['hello', '{"type":"hello"}', 'unsupported'],
  ['no room', { type: 'message', room: undefined, body: 'x' }],
  ['a room that is a number', { type: 'message', room: 1, body: 'x' }],
  ['a room that is no room name', { type: 'message', room: 'a b', body: 'x' }],
  ['no body', { type: 'message' }],
  ['an empty body', { type: 'message', body: '' }],
  ['a body that is an object', { type: 'message', body: {} }],
  ['a body over the limit', { type: 'message', body: 'x'.repeat(4097) }, 'too_long'],
  ['a reply_to that is a number', { type: 'message', body: 'x', reply_to: 1 }],
  ['a cid that is a number', { type: 'message', body: 'x', cid: 1 }],
  ['an empty cid', { type: 'message', body: 'x', cid: '' }],
  ['a cid of 65 bytes', { type: 'message', body: 'x', cid: 'x'.repeat(65) }],
  ['a cid of imports', { type: 'message', body: 'x', cid: 'import:1' }],
  ['a cid of 22 letters of 3 bytes', { type: 'message', body: 'x', cid: '\u20ac'.repeat(22) }],
  ['an edit without id', { type: 'edit', body: 'x' }],
  ['an edit without body', { type: 'edit', id }],
  ['an edit with an empty body', { type: 'edit', id, body: '' }],
  ['an edit over the limit', { type: 'edit', id, body: 'x'.repeat(4097) }, 'too_long'],
  ['a delete without id', { type: 'delete' }],
  ['an id that is a number', { type: 'delete', id: 1 }],
  ['a react without emoji', { type: 'react', id, on: true }],
  ['a react without on', { type: 'react', id, emoji: 'x' }],
  ['an on that is a number', { type: 'react', id, emoji: 'x', on: 1 }],
  ['an empty emoji', { type: 'react', id, emoji: '', on: true }],
  ['an emoji of 65 bytes', { type: 'react', id, emoji: 'x'.repeat(65), on: true }],
  ['an emoji that is blank', { type: 'react', id, emoji: ' ', on: true }],
  ['an emoji that is a control character', { type: 'react', id, emoji: '\u0007', on: true }],
  ['an emoji that nobody sees', { type: 'react', id, emoji: '\u200b', on: true }],
  ['a limit of 0', { type: 'history', limit: 0 }],
  ['a limit of 201', { type: 'history', limit: 201 }],
  ['a limit that is a text', { type: 'history', limit: '10' }],
  ['a limit that is a fraction', { type: 'history', limit: 1.5 }],
  ['a seq below 0', { type: 'history', before: -1 }],
  ['a seq of 2^53', { type: 'history', after: 9007199254740992 }],
  ['two directions', { type: 'history', before: 5, after: 1 }],
  ['a search for nothing', { type: 'search', q: '' }],
  ['a search without q', { type: 'search' }],
  ['a search for too much', { type: 'search', q: 'x'.repeat(257) }],
  ['a since without epoch', { type: 'join', since: { seq: 1 } }],
  ['a since that is a number', { type: 'join', since: 1 }],
  ['a last that is a text', { type: 'join', last: 'all' }],
];

for (const [what, request, code = 'bad_request'] of malformed)
  test(`malformed: ${what}: an error with its code to the sender alone, and the connection stays`, async () => {
    const room = `malformed${malformed.findIndex(([each]) => each === what)}`;
    const [ann, bob] = await company(room, 'ann', 'bob');
    await ann.until({ type: 'join', username: 'bob' });
    ann.send(typeof request === 'string' ? request : { room, ...request });
    const error = await ann.next();
    assert.equal(error.type, 'error', JSON.stringify(error));
    assert.equal(error.code, code, JSON.stringify(error));
    assert.ok(error.error.length > 10, 'a sentence for a person');
    await ann.say(room, 'still here');
    assert.equal((await bob.until((frame) => frame.type !== 'join')).body, 'still here');
    await end(ann, bob);
  });

test('an error names the cid of its request, also when something else is wrong with it', async () => {
  const [ann] = await company('cids', 'ann');
  for (const request of [
    { type: 'message', room: 'cids' },
    { type: 'message', room: 'nowhere', body: 'x' },
    { type: 'edit', room: 'cids', id: 'x', body: 'x' },
    { type: 'history', room: 'cids', limit: 0 },
  ])
    assert.equal((await ann.request(request)).type, 'error');
  await end(ann);
});

test('ten faults in a row: bye and close 4400; a good request in between pardons', async () => {
  const eve = await meet(daemon);
  for (let i = 0; i < 9; i++) eve.send('[]');
  await eve.ask({ type: 'ping' });
  for (let i = 0; i < 10; i++) eve.send('[]');
  assert.equal((await eve.end()).code, 4400);
  assert.deepEqual(eve.frames.filter(({ type }) => type === 'error').length, 20);
  assert.equal(eve.frames.at(-1).type, 'bye');
});

test('refusals that are nobody\'s fault do not count as faults', async () => {
  const [ann] = await company('no-fault', 'ann');
  for (let i = 0; i < 30; i++) await ann.refused({ type: 'delete', room: 'no-fault', id: '1-1-1' }, 'unknown_message');
  await ann.say('no-fault', 'still here');
  await end(ann);
});

test('the smallest ring that may be set holds the longest message and its ack', async (t) => {
  const own = await serveFor(t, { ...journal, message_rate: 0, max_body: '64k', max_frame: '64k', ring_bytes: '128k' });
  const ann = await member(own, 'ann', 'long');
  const request = { type: 'message', room: 'long', cid: 'c'.repeat(64), body: '' };
  const body = 'x'.repeat(64 * 1024 - JSON.stringify(request).length);
  ann.send({ ...request, body });
  await ann.until({ type: 'ack', cid: request.cid });
  assert.ok((await ann.until({ type: 'message' })).body === body);
  await ann.leave();
});

test('over the rate limit: an error that says when to try again, and then it is taken', async (t) => {
  const own = await serveFor(t, { ...journal, message_rate: 20, message_burst: 5 });
  const ann = await member(own, 'ann', 'rate');
  for (let i = 0; i < 20; i++) ann.send({ type: 'message', room: 'rate', body: 'x', cid: `fast ${i}` });
  const error = await ann.until({ type: 'error' });
  assert.equal(error.code, 'rate_limited');
  assert.match(error.cid, /^fast \d+$/);
  assert.ok(error.retry_after > 0 && error.retry_after <= 1000, `${error.retry_after}`);
  await new Promise((resolve) => setTimeout(resolve, error.retry_after + 20)); /* as it was told to */
  await ann.say('rate', 'in time');
});

test('a search counts as five messages', async (t) => {
  const own = await serveFor(t, { ...journal, message_rate: 1, message_burst: 51 });
  const ann = await member(own, 'ann', 'rate');
  for (let i = 1; i <= 40; i++) ann.send({ type: 'search', q: 'word', cid: `${i}` });
  const refused = await ann.until({ type: 'error' });
  assert.equal(refused.code, 'rate_limited');
  assert.ok(['11', '12'].includes(refused.cid), `search ${refused.cid} was refused`);
});

test('who goes on past the rate limit is closed with bye and 4429', async (t) => {
  const own = await serveFor(t, { ...journal, message_rate: 1, message_burst: 1 });
  const ann = await member(own, 'ann', 'rate');
  for (let i = 0; i < 300; i++) ann.send({ type: 'message', room: 'rate', body: 'x' });
  assert.equal((await ann.end()).code, 4429);
  const bye = ann.frames.at(-1);
  assert.equal(bye.type, 'bye');
  assert.equal(bye.reconnect, true);
  assert.ok(bye.retry_after > 0);
});

test('a member who comes back goes on where it was with what it was sending', async () => {
  const room = 'go-on';
  const [ann, bob] = await company(room, 'ann', 'bob');
  await ann.say(room, 'one', { cid: '1' });
  await ann.until({ body: 'one' });
  ann.send({ type: 'message', room, body: 'two', cid: '2' });
  await bob.until({ body: 'two' });
  await ann.drop();
  const again = await comeBack(daemon, ann, room);
  assert.equal(again.joined.recovered, true);
  await again.say(room, 'two', { cid: '2' }); /* it cannot know whether it had arrived */
  await again.say(room, 'three', { cid: '3' });
  await bob.until({ body: 'three' });
  assert.deepEqual(bob.seen(room, 'message').map(({ body }) => body), ['one', 'two', 'three']);
  await end(again, bob);
});
