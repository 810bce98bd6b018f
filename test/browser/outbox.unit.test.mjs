import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { client } from './client.mjs';

const { createOutbox } = await client('hubbub.js');

let stored;
let storage;
let outbox;
let now;

const open = () => {
  const made = createOutbox({ storage, now: () => now });
  made.open();
  return made;
};

beforeEach(() => {
  now = 1_000;
  stored = new Map();
  storage = {
    get: (key) => structuredClone(stored.get(key) ?? null),
    set: (key, value) => stored.set(key, structuredClone(value)),
  };
  outbox = open();
});

const add = (body, room = 'lobby') => outbox.add({ room, body });
const states = () =>
  outbox
    .entries()
    .map((entry) => `${entry.body}:${entry.state}`)
    .join(' ');

test('one at a time, in order, the next after the ack', () => {
  const a = add('a');
  const b = add('b');
  assert.equal(outbox.take('lobby').cid, a.cid);
  assert.equal(outbox.take('lobby'), null);
  assert.equal(states(), 'a:sending b:queued');
  outbox.confirm(a.cid, { id: 'm1', seq: 1, ts: 5 });
  assert.equal(states(), 'a:acked b:queued');
  assert.equal(outbox.take('lobby').cid, b.cid);
  assert.equal(outbox.arrived('m1').cid, a.cid);
  assert.equal(outbox.arrived('m1'), undefined);
  assert.equal(states(), 'b:sending');
});

test('rooms do not wait for each other', () => {
  add('a', 'one');
  add('b', 'two');
  assert.equal(outbox.take('one').body, 'a');
  assert.equal(outbox.take('two').body, 'b');
  assert.deepEqual(outbox.of('one').map((e) => e.body), ['a']);
});

test('every message has a cid of its own, of at most 64 bytes, that stays until it is refused', () => {
  const cids = new Set(Array.from({ length: 40 }, (_, i) => add(`m${i}`).cid));
  assert.equal(cids.size, 40);
  for (const cid of cids) assert.match(cid, /^[0-9a-f]{24}$/);
  const { cid } = outbox.take('lobby');
  outbox.connectionLost();
  assert.equal(outbox.take('lobby').cid, cid);
  outbox.refuse(cid, { error: 'no', code: 'forbidden' });
  assert.notEqual(outbox.retry(cid).cid, cid);
});

test('a message is stored as sent before it is sent', () => {
  add('a');
  outbox.take('lobby');
  assert.deepEqual(stored.get('outbox').map((e) => [e.state, e.wasSent]), [['sending', true]]);
});

test('a refusal stands until a person has dealt with it, and does not hold up the rest', () => {
  const a = add('a');
  add('b');
  outbox.take('lobby');
  outbox.refuse(a.cid, { error: 'too long', code: 'too_long' });
  assert.equal(states(), 'a:failed b:queued');
  assert.equal(outbox.find(a.cid).reason, 'too long');
  assert.equal(outbox.take('lobby').body, 'b');
  outbox.retry(a.cid);
  assert.equal(states(), 'b:sending a:queued');
  assert.equal(outbox.remove(outbox.entries()[1].cid).body, 'a');
  assert.equal(states(), 'b:sending');
});

test('what the server wants later goes again, before what is behind it', () => {
  const a = add('a');
  add('b');
  outbox.take('lobby');
  outbox.postpone(a.cid);
  assert.equal(states(), 'a:queued b:queued');
  assert.equal(outbox.take('lobby').cid, a.cid);
});

test('a reload keeps all but what was confirmed', () => {
  const a = add('a');
  add('b');
  outbox.take('lobby');
  outbox.confirm(a.cid, { id: 'm1', seq: 1, ts: 5 });
  outbox.take('lobby');
  outbox = open();
  assert.equal(states(), 'b:queued');
  assert.equal(outbox.entries()[0].wasSent, true);
});

test('what waits is bounded', () => {
  for (let i = 0; i < 50; i++) assert.ok(add(`m${i}`));
  assert.equal(add('one more'), null);
  for (const { cid } of outbox.entries()) outbox.remove(cid);
  assert.ok(add('é'.repeat(30_000)));
  assert.equal(add('x'.repeat(10_000)), null, 'in bytes of UTF-8');
});

test('nonsense in the storage is no obstacle', () => {
  stored.set('outbox', { not: 'a list' });
  outbox = open();
  assert.equal(states(), '');
});
