import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from './client.mjs';

const { initial, reduce, findMessage, mentions, roomOf } = await client('store.js');
const { foldNotices, layout } = await client('views/log.js');

const noon = new Date(2026, 5, 10, 12).getTime();
const minute = 60_000;
const joined = (events = [], more = {}) => ({
  type: 'joined',
  room: 'lobby',
  username: 'me',
  epoch: 'e1',
  seq: events.at(-1)?.seq ?? 0,
  events,
  users: ['me'],
  count: 1,
  now: noon,
  ...more,
});

// Messages without a seq are given the next one.
function play(state, ...actions) {
  return actions.reduce((before, action) => {
    const seq = (roomOf(before, 'lobby')?.seq ?? 0) + 1;
    const isNew = ['message', 'edit', 'delete', 'react'].includes(action.type) && action.seq === undefined;
    const numbered = isNew ? { ...action, seq, id: action.id ?? `m${seq}` } : action;
    return reduce(before, { room: 'lobby', ...numbered });
  }, state);
}
const start = () => reduce(reduce(initial, { type: 'start', me: 'me' }), { type: 'enter', room: 'lobby' });
const after = (...actions) => play(play(start(), joined()), ...actions);
const lobby = (state) => roomOf(state, 'lobby');
const said = (username, body, ts = noon, watched = true) => ({ type: 'message', username, body, ts, watched });
const kept = (seq, body, more = {}) => ({ type: 'message', id: `m${seq}`, seq, username: 'a', body, ts: noon, reactions: {}, ...more });
const came = (username, ts = noon) => ({ type: 'join', username, ts });
const went = (username, ts = noon) => ({ type: 'leave', username, ts });
const rowsOf = (state, more = {}) => layout({ ...lobby(state), me: 'me', now: noon, ...more });
const kinds = (state, more) =>
  rowsOf(state, more)
    .map((row) => row.kind)
    .join(' ');
const bodies = (state) => lobby(state).items.map((i) => i.body ?? i.kind).join(' ');

test('people are kept in the order they came', () => {
  const state = after({ type: 'users', users: ['c', 'a'] }, came('b'), went('c'), came('c'));
  assert.deepEqual(lobby(state).users, ['a', 'b', 'c']);
  assert.deepEqual(lobby(after({ type: 'users', users: ['a', 'b'] }, came('a'))).users, ['a', 'b']);
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

test('a group ends at a notice, an answer, a deleted message, a new day and the unread line', () => {
  const first = (state) =>
    rowsOf(state)
      .filter((r) => r.kind === 'message')
      .at(-1).first;
  assert.equal(first(after(said('a', '1'), came('b'), said('a', '2'))), true);
  assert.equal(first(after(said('a', '1'), { ...said('a', '2'), reply_to: 'm1' })), true);
  assert.equal(first(after(said('a', '1'), { type: 'delete', id: 'm1' }, said('a', '2'))), true);
  const midnight = new Date(2026, 5, 10).getTime();
  assert.equal(first(after(said('a', '1', midnight - 1000), said('a', '2', midnight + 1000))), true);
  assert.equal(first(after(said('a', '1'), said('a', '2', noon, false))), true);
  assert.equal(first(after(said('a', '1'), said('a', '2'))), false);
});

test('a day is headed once', () => {
  const day = 24 * 60 * minute;
  const state = after(said('a', '1', noon - 2 * day), said('a', '2', noon - day), said('a', '3'), said('a', '4'));
  const days = rowsOf(state)
    .filter((row) => row.kind === 'day')
    .map((row) => row.label);
  assert.equal(days.length, 3);
  assert.deepEqual(days.slice(1), ['Yesterday', 'Today']);
});

test('a day of which nothing is shown has no heading, and one that comes late has it once', () => {
  const day = 24 * 60 * minute;
  const night = [said('a', '1', noon - day), went('b'), came('b')];
  assert.equal(kinds(after(...night)), 'day message');
  assert.equal(kinds(after(...night, said('a', '2'))), 'day message day message');
  assert.equal(kinds(after(...night, said('a', '2', noon - day), said('a', '3'))), 'day message day message message');
  assert.equal(kinds(after(...night, came('c', noon + day))), 'day message day notice');
});

test('coming and going folds, but not our own; or is shown one by one, or not at all', () => {
  assert.equal(kinds(after(came('a'))), 'day notice');
  assert.equal(kinds(after(came('a'), came('b'), went('a'))), 'day fold');
  assert.equal(kinds(after(came('a'), came('b'), said('a', 'x'), came('c'))), 'day fold message notice');
  assert.equal(kinds(after(came('a'), came('b')), { notices: 'show' }), 'day notice notice');
  assert.equal(kinds(after(came('a'), came('b'), said('a', 'x')), { notices: 'hide' }), 'day message');
});

test('a fold says who came and who went; who left and came back is not in it, and of such alone there is none', () => {
  const items = (...list) => list.map(([kind, username]) => ({ kind, username }));
  assert.deepEqual(foldNotices(items(['join', 'a'], ['join', 'b'], ['leave', 'e'])), {
    joined: ['a', 'b'],
    left: ['e'],
  });
  assert.deepEqual(foldNotices(items(['leave', 'a'], ['join', 'A'])), { joined: [], left: [] });
  assert.deepEqual(foldNotices(items(['join', 'a'], ['leave', 'a'])), { joined: ['a'], left: ['a'] });
  assert.deepEqual(foldNotices(items(['join', 'a'], ['leave', 'a'], ['join', 'a'])), {
    joined: ['a'],
    left: [],
  });
  const said2 = (...between) => kinds(after(said('b', '1'), ...between, said('b', '2')));
  assert.equal(said2(went('a'), came('a')), 'day message message');
  assert.equal(said2(went('a'), came('a'), came('c')), 'day message fold message');
  const groups = rowsOf(after(said('b', '1'), went('a'), came('a'), said('b', '2'))).map((row) => row.first);
  assert.deepEqual(groups, [undefined, true, false], 'one group: nothing stands between');
});

test('in a crowd, coming and going is no news', () => {
  const users = Array.from({ length: 60 }, (_, i) => `u${i}`);
  const state = after({ type: 'users', users, count: 60 }, came('a'), went('u1'));
  assert.equal(lobby(state).items.length, 0);
  assert.equal(lobby(state).users.length, 60);
});

test('unread: counted when nobody looks; the line stays until it is cleared', () => {
  let state = after(said('a', '1'), said('a', '2', noon, false), said('b', '3', noon, false));
  assert.equal(lobby(state).unread, 2);
  assert.equal(kinds(state), 'day message line message message');
  state = play(state, { type: 'read' });
  assert.equal(lobby(state).unread, 0);
  assert.equal(lobby(state).read, 3);
  assert.equal(kinds(state), 'day message line message message');
  const again = play(state, { type: 'lookAway' }, said('a', '4', noon, false));
  assert.equal(kinds(again), 'day message message message line message');
  assert.equal(kinds(play(again, { type: 'clearLine' })), 'day message message message message');
  assert.equal(lobby(play(state, said('me', 'x', noon, false))).unread, 0);
});

test('on entering, what came after the mark of the last visit is unread', () => {
  const events = [kept(1, 'one'), kept(2, '@me two'), kept(3, 'mine', { username: 'me' }), kept(4, 'four')];
  const state = play(start(), joined(events, { mark: { epoch: 'e1', seq: 1 } }));
  const { unread, mentions: count, line } = lobby(state);
  assert.deepEqual([unread, count, line], [2, 1, 'm2']);
  assert.equal(lobby(play(start(), joined(events))).unread, 0, 'a first visit has nothing unread');
  assert.equal(lobby(play(start(), joined(events, { mark: { epoch: 'e0', seq: 1 } }))).unread, 0);
  const read = play(state, { type: 'readElsewhere', seq: 4 });
  assert.deepEqual([lobby(read).unread, lobby(read).line], [0, null]);
});

test('edits, deletions and reactions change the message they are about', () => {
  const state = after(said('a', 'x'), said('b', 'y'), { type: 'edit', id: 'm1', username: 'a', body: 'z', ts: noon + 1 });
  assert.deepEqual([findMessage(lobby(state), 'm1').body, findMessage(lobby(state), 'm1').edited], ['z', noon + 1]);
  const react = (username, on, emoji = '👍') => ({ type: 'react', id: 'm2', username, emoji, on, ts: noon });
  const liked = play(state, react('a', true), react('me', true), react('a', true), react('c', true, 'constructor'));
  assert.deepEqual(findMessage(lobby(liked), 'm2').reactions, { '👍': ['a', 'me'], constructor: ['c'] });
  const less = play(liked, react('a', false), react('me', false));
  assert.deepEqual(findMessage(lobby(less), 'm2').reactions, { constructor: ['c'] });
  const gone = play(less, { type: 'delete', id: 'm2', username: 'b', ts: noon });
  assert.deepEqual([findMessage(lobby(gone), 'm2').body, findMessage(lobby(gone), 'm2').deleted], ['', true]);
  assert.equal(play(gone, { type: 'edit', id: 'unknown', username: 'a', body: 'z', ts: noon }).rooms.lobby.seq, 11);
});

test('what one does is seen at once, and taken back if it is refused', () => {
  const state = after(said('me', 'x'));
  const was = findMessage(lobby(state), 'm1');
  for (const event of [
    { type: 'edit', id: 'm1', body: 'y', username: 'me', ts: noon },
    { type: 'delete', id: 'm1', username: 'me', ts: noon },
    { type: 'react', id: 'm1', emoji: 'a', on: true, username: 'me', ts: noon },
  ]) {
    const seen = play(state, { type: 'apply', event });
    assert.notDeepEqual(findMessage(lobby(seen), 'm1'), was);
    const { body, deleted, edited, reactions } = findMessage(lobby(play(seen, { type: 'restore', event, was })), 'm1');
    assert.deepEqual([body, deleted, edited, reactions], ['x', undefined, undefined, {}]);
  }
});

test('recovered: what was missed is added once, and in order', () => {
  const state = after(said('a', 'one'), { type: 'out' });
  const missed = [kept(2, 'two'), { type: 'edit', id: 'm1', seq: 3, username: 'a', body: 'ONE', ts: noon }, kept(4, 'four')];
  const back = play(state, joined(missed, { recovered: true, seq: 4 }));
  assert.equal(bodies(back), 'ONE two four');
  assert.equal(lobby(back).unread, 2);
  assert.equal(bodies(play(back, joined(missed, { recovered: true, seq: 4 }))), 'ONE two four');
});

test('not recovered, but the newest overlap what is known: nothing is missing', () => {
  const state = after(said('a', 'one'), said('a', 'two'));
  const back = play(state, joined([kept(2, 'TWO'), kept(3, 'three')], { recovered: false }));
  assert.equal(bodies(back), 'one TWO three');
});

test('not recovered: a hole, which is filled from history until it is closed', () => {
  const state = after(said('a', 'm1'), said('a', 'm2'));
  let back = play(state, joined([kept(9, 'm9'), kept(10, 'm10')], { recovered: false, seq: 10 }));
  assert.equal(bodies(back), 'm1 m2 hole m9 m10');
  const hole = () => lobby(back).items.find((i) => i.kind === 'hole');
  assert.equal(hole().before, 9);
  const page = (messages, more) => ({ type: 'history', epoch: 'e1', where: 'hole', key: hole().key, messages, more });
  back = play(back, page([kept(6, 'm6'), kept(7, 'm7')], true));
  assert.equal(bodies(back), 'm1 m2 hole m6 m7 m9 m10');
  assert.equal(hole().before, 6);
  back = play(back, page([kept(2, 'M2'), kept(3, 'm3')], true));
  assert.equal(bodies(back), 'm1 M2 m3 m6 m7 m9 m10');
});

test('what was missed is counted where it is filled in, and before it stands the line', () => {
  const state = after(said('a', 'm1'), { type: 'read' });
  const back = play(state, joined([kept(9, 'm9')], { recovered: false, seq: 9 }));
  const { key } = lobby(back).items.find((i) => i.kind === 'hole');
  const messages = [2, 3, 4, 5, 6, 7, 8].map((seq) => kept(seq, `m${seq}`));
  const filled = (before) => play(before, { type: 'history', epoch: 'e1', where: 'hole', key, messages, more: false });
  assert.deepEqual([lobby(filled(back)).unread, lobby(filled(back)).line], [8, 'm2']);
  const seen = filled(play(back, { type: 'read' }));
  assert.deepEqual([lobby(seen).unread, lobby(seen).line], [0, 'm9']);
});

test('changes from before a loss do not come back with a page that is newer', () => {
  const edit = (body) => ({ type: 'edit', id: 'm1', username: 'a', body, ts: noon });
  const state = after(said('a', 'one'), edit('ONE'), { type: 'react', id: 'm1', username: 'a', emoji: '👍', on: true, ts: noon });
  const back = play(state, joined([kept(99, 'm99')], { recovered: false, seq: 99 }));
  const { key } = lobby(back).items.find((i) => i.kind === 'hole');
  const messages = [kept(1, 'Two', { edited: noon })];
  const filled = play(back, { type: 'history', epoch: 'e1', where: 'hole', key, messages, more: false });
  const { body, reactions } = findMessage(lobby(filled), 'm1');
  assert.deepEqual([body, reactions], ['Two', {}]);
});

test('days stand once and in order, also over a loss in the night and a clock that was set back', () => {
  const day = 24 * 60 * minute;
  const state = after(said('a', 'one'));
  const late = joined([kept(8, 'm8', { ts: noon + minute }), kept(9, 'm9', { ts: noon + day })], { recovered: false, seq: 9, now: noon + day });
  const back = play(state, late, said('a', 'ten', noon), said('a', 'eleven', noon + day));
  const keys = rowsOf(back).map((row) => row.key);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(kinds(back), 'day message hole line message day message message message');
});

test('the line stays where it is while one is above the end', () => {
  const state = after(said('a', '1'), said('a', '2', noon, false), { type: 'read' });
  const away = play(state, { ...said('a', '3', noon, false), isAway: true });
  assert.deepEqual([lobby(away).unread, lobby(away).line], [1, 'm2']);
  const hidden = play(state, said('a', '3', noon, false));
  assert.deepEqual([lobby(hidden).unread, lobby(hidden).line], [1, 'm3']);
});

test('what was read in another window is read, whatever came after it', () => {
  const state = after(said('a', '1', noon, false), said('a', '2', noon, false), { type: 'react', id: 'm1', username: 'a', emoji: '👍', on: true, ts: noon });
  const unread = (seq) => lobby(play(state, { type: 'readElsewhere', seq })).unread;
  assert.deepEqual([0, 1, 2, 3].map(unread), [2, 1, 0, 0]);
});

test('what was not seen is unread again, but nothing of a log that is gone', () => {
  const long = play(start(), joined([kept(50, 'old'), kept(51, 'older')]));
  const state = play(long, joined([], { epoch: 'e2', recovered: false, seq: 3 }), said('a', 'four'), said('a', 'five'), { type: 'read' });
  assert.deepEqual([lobby(state).unread, lobby(state).read], [0, 5]);
  const { unread, line, read } = lobby(play(state, { type: 'unseen', seq: 4 }));
  assert.deepEqual([unread, line, read], [1, 'm5', 4]);
  assert.equal(play(state, { type: 'unseen', seq: 5 }), state);
  const quickly = play(state, said('a', 'six'), said('a', 'seven'), { type: 'unseen', seq: 7 });
  assert.deepEqual([lobby(quickly).unread, lobby(quickly).line, lobby(quickly).read], [2, 'm6', 5], 'seen, but not long enough');
});

test('another log: a gap, and what was in the old one stays to be read only', () => {
  const state = after(said('a', 'one'));
  const back = play(state, joined([kept(1, 'new')], { epoch: 'e2', recovered: false }));
  assert.equal(bodies(back), 'one gap new');
  assert.deepEqual(lobby(back).items.map((i) => i.isLost), [true, undefined, undefined]);
  assert.ok(lobby(back).items.every(({ key }) => !/\s/.test(key)), 'ids are made of keys, and lists of ids are cut at spaces');
  const edited = play(back, { type: 'edit', id: 'm1', seq: 2, username: 'a', body: 'NEW', ts: noon });
  assert.equal(bodies(edited), 'one gap NEW');
  assert.equal(new Set(lobby(edited).items.map((i) => i.key)).size, 3);
});

test('older pages go before what is known; what is known already is brought up to date', () => {
  const state = play(start(), joined([kept(5, 'five'), kept(6, 'six')], { asked: 2 }));
  assert.equal(lobby(state).hasOlder, true);
  const page = { type: 'history', epoch: 'e1', where: 'before', messages: [kept(3, 'three'), kept(4, 'four'), kept(5, 'FIVE')], more: false };
  const more = play(state, page);
  assert.equal(bodies(more), 'three four FIVE six');
  assert.equal(lobby(more).hasOlder, false);
  assert.equal(bodies(play(state, { ...page, epoch: 'other' })), 'five six');
});

test('elsewhere in the log what is live waits, and is there when one is back', () => {
  let state = play(start(), joined([kept(50, 'm50')], { seq: 50, asked: 1 }));
  state = play(state, { type: 'history', epoch: 'e1', where: 'around', messages: [kept(5, 'm5'), kept(6, 'm6')], more: true, hasNewer: true });
  assert.equal(bodies(state), 'm5 m6');
  state = play(state, said('a', 'live', noon, false), { type: 'edit', id: 'm51', username: 'a', body: 'LIVE', ts: noon });
  assert.equal(bodies(state), 'm5 m6');
  assert.equal(lobby(state).unread, 1);
  const next = play(state, { type: 'history', epoch: 'e1', where: 'after', messages: [kept(7, 'm7'), kept(50, 'm50')], more: false });
  assert.equal(bodies(next), 'm5 m6 m7 m50 LIVE');
  const newest = play(state, { type: 'history', epoch: 'e1', where: 'newest', messages: [kept(50, 'm50'), kept(51, 'LIVE')], more: true });
  assert.equal(bodies(newest), 'm50 LIVE');
  assert.equal(lobby(newest).hasNewer, false);
});

test('a page of history that is ahead of the live events does not double them', () => {
  const state = play(start(), joined([kept(1, 'm1')], { asked: 1 }));
  const ahead = play(state, { type: 'history', epoch: 'e1', where: 'newest', messages: [kept(1, 'm1'), kept(2, 'm2')], more: false });
  assert.equal(bodies(play(ahead, { ...said('a', 'm2'), seq: 2, id: 'm2' })), 'm1 m2');
});

test('our own are known by name, however it is spelled', () => {
  assert.deepEqual(
    lobby(after(said('ME', 'x'), said('a', 'y'))).items.map((item) => item.mine),
    [true, false],
  );
});

test('a mention is the name as a word of its own', () => {
  for (const text of ['me', '@me look', 'hi ME!', 'ｍｅ?', '(me)', "me's"]) assert.equal(mentions(text, 'me'), true, text);
  for (const text of ['', 'mean', 'some', 'me_too', 'meé']) assert.equal(mentions(text, 'me'), false, text);
  assert.equal(mentions('@Ada Lovelace: look', 'ada lovelace'), true);
  assert.equal(mentions('anything', ''), false);
});

test('what is not confirmed yet stands last and is ours; its message takes its row', () => {
  const entry = { cid: 'c1', room: 'lobby', body: 'x', ts: noon, after: 1, state: 'queued' };
  const last = (more) => rowsOf(after(said('a', '1')), { outbox: [{ ...entry, ...more }] }).at(-1);
  assert.deepEqual([last().key, last().item.mine, last().item.state, last().item.username], ['c1', true, 'queued', 'me']);
  assert.equal(lobby(after({ ...said('me', 'x'), cid: 'c1' })).items[0].key, 'c1');
  const state = after(said('a', '1'), said('me', 'x'));
  assert.equal(lobby(play(state, { type: 'rekey', id: 'm2', key: 'c1' })).items[1].key, 'c1');
});

test('a message that is in the log, and of which only the ack is missing, is not shown twice', () => {
  const state = after(said('a', '1'), said('me', 'x'));
  const count = (entry) => rowsOf(state, { outbox: [entry] }).filter((row) => row.kind === 'message').length;
  const entry = { cid: 'c1', room: 'lobby', body: 'x', ts: noon, after: 1, state: 'sending', wasSent: true };
  assert.equal(count(entry), 2);
  assert.equal(count({ ...entry, wasSent: false }), 3);
  assert.equal(count({ ...entry, after: 2 }), 3, 'that was an earlier one of the same text');
  assert.equal(count({ ...entry, body: 'y' }), 3);
  assert.equal(count({ ...entry, state: 'acked', id: 'm2', body: 'y' }), 2);
});

test('a row keeps its signature until what it shows changes', () => {
  const state = after(said('a', '1'), said('a', '2'));
  const before = rowsOf(state);
  const later = rowsOf(play(state, said('b', '3')));
  later.slice(0, 3).forEach((row, i) => {
    assert.equal(row.key, before[i].key);
    row.sig.forEach((part, j) => assert.equal(part, before[i].sig[j]));
  });
  assert.equal(new Set(later.map((row) => row.key)).size, later.length);
});

test('memory is bounded, and what is dropped can be asked for again', () => {
  let state = after();
  for (let i = 0; i < 10_500; i++) state = play(state, said('a', String(i)));
  assert.ok(lobby(state).items.length <= 10_000);
  assert.equal(lobby(state).hasOlder, true);
  assert.equal(lobby(state).items.at(-1).body, '10499');
});

test('what is read far back is not dropped for what comes, nor is more kept than can be read', () => {
  let state = after();
  for (let i = 0; i < 10_000; i++) state = play(state, said('a', String(i)));
  const away = play(state, { ...said('a', 'new'), isAway: true });
  assert.equal(lobby(away).items[0].body, '0');
  assert.equal(lobby(away).items.at(-1).body, '9999');
  assert.deepEqual([lobby(away).hasNewer, lobby(away).unread], [true, lobby(state).unread + 1]);
  const { room, epoch } = { room: 'lobby', epoch: lobby(away).epoch };
  const [{ body, ...last }] = lobby(away).later;
  const caughtUp = play(away, { type: 'history', where: 'after', room, epoch, more: false, messages: [{ ...last, body }] });
  assert.deepEqual([lobby(caughtUp).hasNewer, lobby(caughtUp).items.at(-1).body], [false, 'new']);

  const back = play(state, joined([kept(10_001, 'new')], { recovered: true, isAway: true }));
  assert.deepEqual([lobby(back).items[0].body, lobby(back).hasNewer], ['0', true]);

  const page = (n) =>
    Array.from({ length: 500 }, (_, i) => ({ type: 'message', id: `old${n}-${i}`, seq: -(n + 1) * 500 + i, username: 'a', body: 'old', ts: 0 }));
  for (let n = 0; n < 3; n++) {
    state = play(state, { type: 'history', where: 'before', room, epoch, more: true, messages: page(n) });
    assert.ok(lobby(state).items.length <= 11_000);
    assert.equal(lobby(state).items[0].id, `old${n}-0`);
  }
  assert.equal(lobby(state).hasNewer, true);
});

test('typing is over when time is, or when the message comes', () => {
  const typing = (username) => ({ type: 'typing', username, now: 0 });
  const state = after(typing('a'), typing('b'), typing('me'), typing('__proto__'));
  assert.deepEqual(Object.keys(lobby(state).typing), ['a', 'b', '__proto__']);
  assert.deepEqual(Object.keys(lobby(play(state, said('a', 'x'))).typing), ['b', '__proto__']);
  const over = reduce(state, { type: 'everyRoom', action: { type: 'typingOver', now: 6_000 } });
  assert.deepEqual(Object.keys(lobby(over).typing), []);
});

test('more is unread than the first page has: the page before it moves the line and the numbers', () => {
  const state = play(start(), joined([kept(4, 'four'), kept(5, 'five, @me')], { mark: { epoch: 'e1', seq: 1 } }));
  assert.deepEqual([lobby(state).unread, lobby(state).line], [2, 'm4']);
  const before = { type: 'history', where: 'before', epoch: 'e1', messages: [1, 2, 3].map((n) => kept(n, `${n}`)), more: false };
  const whole = lobby(play(state, { ...before, since: 1 }));
  assert.deepEqual([whole.unread, whole.mentions, whole.line], [4, 1, 'm2']);
  assert.deepEqual([lobby(play(state, before)).unread, lobby(play(state, before)).line], [2, 'm4']);
  const cleared = lobby(play(state, { type: 'clearLine' }, { ...before, since: 1 }));
  assert.deepEqual([cleared.unread, cleared.line], [0, null], 'all was read while it was on its way');
});

test('rooms: entered in order, renamed, left; any name will do', () => {
  let state = ['constructor', '__proto__', 'x'].reduce((s, room) => reduce(s, { type: 'enter', room }), after());
  assert.deepEqual(state.order, ['lobby', 'constructor', '__proto__', 'x']);
  state = reduce(state, { type: 'open', room: 'x' });
  state = reduce(state, { type: 'rename', room: 'x', to: 'y' });
  assert.equal(state.current, 'y');
  state = reduce(state, { type: 'left', room: 'y' });
  assert.equal(state.current, 'lobby');
  assert.equal(roomOf(state, 'toString'), undefined);
});

test('unknown actions and rooms change nothing', () => {
  const state = after(said('a', '1'));
  for (const type of ['nothing', 'constructor', '__proto__']) assert.equal(reduce(state, { type, room: 'lobby' }), state);
  assert.equal(reduce(state, { ...said('a', 'x'), room: 'elsewhere', seq: 1, id: 'x' }), state);
});

const jump = (...seqs) => ({ type: 'history', where: 'around', epoch: 'e1', messages: seqs.map((n) => kept(n, `${n}`)), hasNewer: true });
const page = (where, more, ...seqs) => ({ type: 'history', where, epoch: 'e1', messages: seqs.map((n) => kept(n, `${n}`)), more });
const comes = (seq, more) => ({ ...kept(seq, `${seq}`), ...more });

test('back to the newest: in order, though more came meanwhile than a page holds', () => {
  const away = play(start(), joined([kept(9, '9')]), jump(1, 2), comes(10), comes(11), comes(12), comes(13));
  const back = play(away, page('newest', true, 11, 12, 13), comes(14));
  assert.equal(bodies(back), '11 12 13 14');
  assert.equal(lobby(back).hasOlder, true);
});

test('what comes while one reads far back is kept up to a number, and none is missing at the end', () => {
  let state = play(start(), joined([kept(1, '1')]), jump(1));
  for (let seq = 2; seq <= 2_000; seq++) state = play(state, comes(seq));
  assert.equal(lobby(state).unread, 1_999);
  assert.ok(lobby(state).later.length < 1_000);
  const seqs = Array.from({ length: 1_999 }, (_, i) => i + 2);
  const back = play(state, page('after', false, ...seqs.slice(0, 1_900)));
  assert.equal(bodies(back), [1, ...seqs].join(' '));
});

test('a page that was read before an edit, a deletion or a reaction does not undo it', () => {
  const before = play(
    start(),
    joined([kept(1, 'one'), kept(2, 'two'), kept(3, 'three')]),
    { type: 'edit', id: 'm1', body: 'ONE', ts: noon },
    { type: 'delete', id: 'm2', ts: noon },
    { type: 'react', id: 'm3', username: 'a', emoji: 'x', on: true, ts: noon },
  );
  const old = { type: 'history', where: 'before', epoch: 'e1', messages: [kept(1, 'one'), kept(2, 'two'), kept(3, 'three')] };
  const [one, two, three] = lobby(play(before, old)).items;
  assert.deepEqual([one.body, two.deleted, three.reactions], ['ONE', true, { x: ['a'] }]);
});

test('our own message does not read those before it', () => {
  const state = after(said('a', '1'), { type: 'read' }, said('a', '2', noon, false), said('me', 'mine', noon, false));
  assert.deepEqual([lobby(state).unread, lobby(state).read], [1, 1]);
  assert.equal(lobby(play(state, { type: 'read' })).read, 3);
});

test('what somebody looks at is not counted, and is read once it was looked at long enough; not so if they go before', () => {
  const state = after(said('a', '1'), { type: 'read' }, said('a', '2'), said('a', '3'));
  const fields = (...actions) => {
    const { unread, read, line } = lobby(play(state, ...actions));
    return [unread, read, line];
  };
  assert.deepEqual(fields(), [0, 1, null]);
  assert.deepEqual(fields({ type: 'read', seq: 2 }), [0, 2, null]);
  assert.deepEqual(fields({ type: 'read', seq: 2 }, { type: 'lookAway', seq: 3 }), [1, 2, 'm3']);
  assert.deepEqual(fields({ type: 'read', seq: 3 }, { type: 'lookAway', seq: 3 }), [0, 3, null]);
});

test('what was deleted before it was read is not counted, also if it waited for its place; its row and the line stay', () => {
  const gone = (id) => ({ type: 'delete', id, username: 'a', ts: noon });
  const state = after(said('a', '1'), { type: 'read' }, said('a', '@me 2', noon, false), said('a', '3', noon, false));
  const told = (room) => [room.unread, room.mentions, room.line];
  assert.deepEqual(told(lobby(state)), [2, 1, 'm2']);
  const one = play(state, gone('m2'));
  assert.deepEqual(told(lobby(one)), [1, 0, 'm2']);
  assert.equal(kinds(one), 'day message line message message');
  assert.deepEqual(told(lobby(play(one, gone('m2'), gone('m1'), gone('m3')))), [0, 0, null], 'nothing is new');
  assert.deepEqual(told(lobby(play(state, { type: 'read' }, gone('m2')))), [0, 0, 'm2'], 'it was read');

  const around = { type: 'history', epoch: 'e1', where: 'around', messages: [kept(1, '1')], hasNewer: true };
  const away = play(after(said('a', '1'), said('a', '2'), { type: 'read' }), around, said('a', '@me 3', noon, false), said('a', '4', noon, false));
  assert.deepEqual(told(lobby(away)).slice(0, 2), [2, 1]);
  const less = play(away, gone('m3'), said('a', '6', noon, false), said('a', '7', noon, false)); // known when the end is reached
  const reached = play(less, { type: 'history', epoch: 'e1', where: 'after', messages: [kept(2, '2'), kept(3, '@me 3')], more: false });
  assert.deepEqual(told(lobby(reached)).slice(0, 2), [3, 0]);
});

test('another log, while something was unread: the line stands before what is new in it', () => {
  const state = after(said('a', 'read'), { type: 'read' }, said('a', 'unread', noon, false));
  const back = lobby(play(state, joined([kept(1, 'new')], { epoch: 'e2', recovered: false })));
  assert.deepEqual([back.unread, back.items.find(({ key }) => key === back.line)?.body], [1, 'new']);
});

test('what was watched and is unread after all counts on the way up to the line', () => {
  const state = after(said('a', 'read'), { type: 'read', seq: 1 }, said('a', 'x'), said('a', 'y'));
  const watched = (room) => room.items.map((item) => Boolean(item.watched));
  assert.deepEqual(watched(lobby(state)), [true, true, true]);
  assert.deepEqual(watched(lobby(play(state, { type: 'lookAway', seq: 3 }))), [true, false, false]);
});

test('in a new log nothing has been read', () => {
  const state = after(said('a', '1'), said('a', '2'), { type: 'read' });
  assert.equal(lobby(state).read, 2);
  const renewed = play(state, joined([kept(1, 'new')], { epoch: 'e2', recovered: false }));
  assert.deepEqual([lobby(renewed).read, lobby(renewed).unread], [0, 1]);
});

test('what is read of a new log is of that log: a number of the old one, still on its way, does not count', () => {
  const state = after(...Array.from({ length: 60 }, (_, i) => said('a', `${i}`)), { type: 'read' });
  const renewed = play(state, joined([kept(1, 'new')], { epoch: 'e2', recovered: false }), { type: 'read', seq: 60 });
  assert.equal(lobby(renewed).read, 1);
  assert.equal(lobby(play(renewed, said('a', 'more', noon, false), { type: 'lookAway', seq: Infinity })).unread, 1);
});

test('what was missed has a line before it, also where somebody looks on', () => {
  const state = after(said('a', '1'));
  const back = play(state, joined([kept(2, '2'), kept(3, '3')], { recovered: true }));
  assert.equal(kinds(back), 'day message line message message');
  assert.equal(kinds(play(back, { type: 'read' })), 'day message line message message');
});

test('there is more before the page that came on joining, however short it is', () => {
  assert.equal(lobby(play(start(), joined([kept(150, 'x')]))).hasOlder, true);
  assert.equal(lobby(play(start(), joined([kept(1, 'x')]))).hasOlder, false);
  assert.equal(lobby(play(start(), joined([]))).hasOlder, false);
});

test('in a crowd our own coming is told, and others if they are wanted', () => {
  const crowd = after({ type: 'users', users: Array.from({ length: 60 }, (_, i) => `u${i}`), count: 60 });
  const told = (...more) => bodies(play(crowd, ...more));
  assert.equal(told(came('a'), came('me')), 'join');
  assert.equal(told({ ...came('a'), isWanted: true }, { ...went('u1'), isWanted: true }), 'join leave');
});
