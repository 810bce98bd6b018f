import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { client } from './client.mjs';

const { createOutbox } = await client('outbox.js');

let stored;
let storage;
let outbox;

beforeEach(() => {
  stored = new Map();
  storage = {
    get: (key) => structuredClone(stored.get(key) ?? null),
    set: (key, value) => stored.set(key, structuredClone(value)),
  };
  outbox = createOutbox({ storage });
  outbox.open('ana lobby');
});

const states = () =>
  outbox
    .entries()
    .map((entry) => `${entry.body}:${entry.state}`)
    .join(' ');

test('one at a time, in order, the next after the echo', () => {
  outbox.add('a');
  outbox.add('b');
  assert.equal(outbox.take().body, 'a');
  assert.equal(outbox.take(), null);
  assert.equal(states(), 'a:sending b:queued');
  assert.ok(outbox.confirm('a'));
  assert.equal(outbox.take().body, 'b');
  assert.ok(outbox.confirm('b'));
  assert.equal(states(), '');
});

test('a message is stored as sent before it is sent', () => {
  outbox.add('a');
  outbox.take();
  assert.equal(stored.get('outbox ana lobby')[0].state, 'sending');
});

test('an echo of something else confirms nothing', () => {
  outbox.add('a');
  assert.equal(outbox.confirm('a'), null);
  outbox.take();
  assert.equal(outbox.confirm('b'), null);
  assert.equal(states(), 'a:sending');
});

test('what may have arrived is not sent again by itself', () => {
  outbox.add('a');
  outbox.add('b');
  outbox.take();
  outbox.connectionLost();
  assert.equal(states(), 'a:unsure b:queued');
  assert.equal(outbox.take().body, 'b');
  outbox.confirm('b');
  assert.equal(outbox.take(), null);
  outbox.retry(outbox.entries()[0].key);
  assert.equal(outbox.take().body, 'a');
});

test('a refusal is about the one on its way', () => {
  assert.equal(outbox.refuse('no'), false);
  outbox.add('a');
  outbox.add('b');
  outbox.take();
  assert.equal(outbox.refuse('too long'), true);
  assert.equal(states(), 'a:failed b:queued');
  assert.equal(outbox.entries()[0].reason, 'too long');
  assert.equal(outbox.remove(outbox.entries()[0].key).body, 'a');
  assert.equal(states(), 'b:queued');
});

test('a reload keeps all, and knows that it does not know', () => {
  outbox.add('a');
  outbox.add('b');
  outbox.take();
  outbox = createOutbox({ storage });
  outbox.open('ana lobby');
  assert.equal(states(), 'a:unsure b:queued');
  outbox.open('ana ops');
  assert.equal(states(), '');
});

test('what waits is bounded', () => {
  for (let i = 0; i < 50; i++) assert.equal(outbox.add(`m${i}`), true);
  assert.equal(outbox.add('one more'), false);
  assert.equal(outbox.entries().length, 50);
  const other = createOutbox({ storage });
  other.open('bob lobby');
  assert.equal(other.add('x'.repeat(40_000)), true);
  assert.equal(other.add('x'.repeat(40_000)), false);
});

test('nonsense in the storage is no obstacle', () => {
  stored.set('outbox eve lobby', { not: 'a list' });
  outbox.open('eve lobby');
  assert.equal(states(), '');
});
