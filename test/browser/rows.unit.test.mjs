import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.mjs';

const { initial, reduce } = await client('store.js');
const { foldNotices, layout } = await client('rows.js');

const noon = new Date(2026, 5, 10, 12).getTime();
const minute = 60_000;
const words = { today: 'Today', yesterday: 'Yesterday' };

function after(...actions) {
  return actions.reduce(reduce, reduce(initial, { type: 'enter', me: 'me', room: 'lobby' }));
}
const said = (username, body, ts = noon, watched = true) => ({
  type: 'message',
  username,
  body,
  ts,
  watched,
});
const came = (username, now = noon) => ({ type: 'join', username, now });
const went = (username, now = noon) => ({ type: 'leave', username, now });
const rowsOf = (state, more = {}) => layout({ ...state, now: noon, words, ...more });
const kinds = (state, more) =>
  rowsOf(state, more)
    .map((row) => row.kind)
    .join(' ');

test('people are kept in the order they came', () => {
  const state = after({ type: 'users', users: ['c', 'a'] }, came('b'), went('c'), came('c'));
  assert.deepEqual(state.users, ['a', 'b', 'c']);
  assert.deepEqual(after({ type: 'users', users: ['a', 'b'] }, came('a')).users, ['a', 'b']);
});

test('messages of one author within five minutes are one group', () => {
  const state = after(
    said('a', '1'),
    said('a', '2', noon + 4 * minute),
    said('a', '3', noon + 9 * minute),
    said('b', '4', noon + 9 * minute),
  );
  assert.deepEqual(
    rowsOf(state)
      .filter((r) => r.kind === 'message')
      .map((r) => r.first),
    [true, false, true, true],
  );
});

test('a group ends at a notice, a gap, a new day and the unread line', () => {
  const first = (state) =>
    rowsOf(state)
      .filter((r) => r.kind === 'message')
      .at(-1).first;
  assert.equal(first(after(said('a', '1'), came('b'), said('a', '2'))), true);
  assert.equal(first(after(said('a', '1'), { type: 'gap', from: noon, now: noon }, said('a', '2'))), true);
  const midnight = new Date(2026, 5, 10).getTime();
  assert.equal(first(after(said('a', '1', midnight - 1000), said('a', '2', midnight + 1000))), true);
  assert.equal(first(after(said('a', '1'), said('a', '2', noon, false))), true);
  assert.equal(first(after(said('a', '1'), said('a', '2'))), false);
});

test('a day is headed once', () => {
  const day = 24 * 60 * minute;
  const state = after(
    said('a', '1', noon - 2 * day),
    said('a', '2', noon - day),
    said('a', '3'),
    said('a', '4'),
  );
  const days = rowsOf(state)
    .filter((row) => row.kind === 'day')
    .map((row) => row.label);
  assert.equal(days.length, 3);
  assert.deepEqual(days.slice(1), ['Yesterday', 'Today']);
});

test('coming and going folds, but not our own', () => {
  assert.equal(kinds(after(came('a'))), 'day notice');
  assert.equal(kinds(after(came('a'), came('b'), went('a'))), 'day fold');
  assert.equal(kinds(after(came('a'), came('me'), came('b'))), 'day notice notice notice');
  assert.equal(kinds(after(came('a'), came('b'), said('a', 'x'), came('c'))), 'day fold message notice');
});

test('a fold says who came, who went, and who only was away for a moment', () => {
  const items = (...list) => list.map(([kind, username]) => ({ kind, username }));
  assert.deepEqual(foldNotices(items(['join', 'a'], ['join', 'b'], ['leave', 'e'])), {
    joined: ['a', 'b'],
    left: ['e'],
    back: [],
  });
  assert.deepEqual(foldNotices(items(['leave', 'a'], ['join', 'A'])), { joined: [], left: [], back: ['a'] });
  assert.deepEqual(foldNotices(items(['join', 'a'], ['leave', 'a'])), {
    joined: ['a'],
    left: ['a'],
    back: [],
  });
  assert.deepEqual(foldNotices(items(['join', 'a'], ['leave', 'a'], ['join', 'a'])), {
    joined: ['a'],
    left: [],
    back: [],
  });
});

test('in a crowd, coming and going is no news', () => {
  const users = Array.from({ length: 60 }, (_, i) => `u${i}`);
  const state = after({ type: 'users', users }, came('a'), went('u1'));
  assert.equal(state.items.length, 0);
  assert.equal(state.users.length, 60);
});

test('unread: counted when nobody looks; the line stays until it is cleared', () => {
  let state = after(said('a', '1'), said('a', '2', noon, false), said('b', '3', noon, false));
  assert.equal(state.unread, 2);
  assert.equal(kinds(state), 'day message line message message');
  state = reduce(state, { type: 'read' });
  assert.equal(state.unread, 0);
  assert.equal(kinds(state), 'day message line message message');
  const again = reduce(reduce(state, { type: 'lookAway' }), said('a', '4', noon, false));
  assert.equal(kinds(again), 'day message message message line message');
  assert.equal(kinds(reduce(again, { type: 'clearLine' })), 'day message message message message');
  assert.equal(reduce(state, said('me', 'x', noon, false)).unread, 0);
});

test('coming back after a lost connection is a gap, and no news to ourselves', () => {
  const lost = [
    { type: 'users', users: ['a', 'me'] },
    { type: 'gap', from: noon, now: noon },
  ];
  const back = [came('me'), { type: 'users', users: ['b', 'me'] }];
  assert.equal(kinds(after(...lost, ...back)), 'day gap');
});

test('our own are known by name, however it is spelled', () => {
  assert.deepEqual(
    after(said('ME', 'x'), said('a', 'y')).items.map((item) => item.mine),
    [true, false],
  );
});

test('what is not confirmed yet stands last and is ours', () => {
  const rows = rowsOf(after(said('a', '1')), {
    outbox: [{ key: 'o1', body: 'x', ts: noon, state: 'queued' }],
  });
  const last = rows.at(-1);
  assert.deepEqual([last.key, last.mine, last.state, last.username], ['o1', true, 'queued', 'me']);
  assert.equal(after({ ...said('me', 'x'), key: 'o1' }).items[0].key, 'o1');
});

test('a row keeps its signature until what it shows changes', () => {
  const before = rowsOf(after(said('a', '1'), said('a', '2')));
  const later = rowsOf(after(said('a', '1'), said('a', '2'), said('b', '3')));
  assert.deepEqual(
    later.slice(0, 3).map((r) => [r.key, r.sig]),
    before.map((r) => [r.key, r.sig]),
  );
  assert.equal(new Set(later.map((row) => row.key)).size, later.length);
});

test('memory is bounded, and numbers never come back', () => {
  let state = after();
  for (let i = 0; i < 10_500; i++) state = reduce(state, said('a', String(i)));
  assert.ok(state.items.length <= 10_000);
  assert.equal(state.dropped, true);
  assert.equal(state.items.at(-1).n, 10_499);
  assert.equal(state.items[0].n, 10_500 - state.items.length);
});

test('unknown actions change nothing', () => {
  const state = after(said('a', '1'));
  for (const type of ['nothing', 'constructor', '__proto__']) assert.equal(reduce(state, { type }), state);
});
