// From what is known to what is seen: messages grouped, notices folded, days and the unread line put
// in. Pure. Each row is {key, sig, kind, ...}; equal sig means that its element can stay.
import { dayName, startOfDay } from './format.js';
import { nameKey } from './protocol.js';

const GROUP_MS = 5 * 60_000;

function continues(previous, item) {
  return (
    previous?.kind === 'message' &&
    previous.username === item.username &&
    item.ts - previous.ts < GROUP_MS &&
    startOfDay(previous.ts) === startOfDay(item.ts)
  );
}

function messageRow(item, first) {
  const { key, username, body, ts, mine, state = 'sent', reason = '' } = item;
  return {
    kind: 'message',
    key,
    username,
    body,
    ts,
    mine,
    first,
    state,
    reason,
    sig: `${first ? 1 : 0} ${state} ${reason}`,
  };
}

// Who came, who went, who did both in this order, of some joins and leaves in a row.
export function foldNotices(items) {
  const people = new Map();
  for (const { kind, username } of items) {
    const person = people.get(nameKey(username)) ?? { username, was: kind };
    person.is = kind;
    people.set(nameKey(username), person);
  }
  const fold = { joined: [], left: [], back: [] };
  for (const { username, was, is } of people.values()) {
    if (was === 'leave' && is === 'join') fold.back.push(username);
    else if (was === 'join' && is === 'leave') (fold.joined.push(username), fold.left.push(username));
    else fold[is === 'join' ? 'joined' : 'left'].push(username);
  }
  return fold;
}

function noticeRow(items, isOpen) {
  const { key, ts, mine } = items[0];
  if (items.length === 1) return { kind: 'notice', key, sig: '1', items, ts, mine };
  return { kind: 'fold', key, sig: `${items.length} ${isOpen}`, items, ts, isOpen };
}

// items: a run of the store's; outbox: what is not confirmed yet; line: key of the first unread
// item or null; open: keys of the folds that are shown whole; words: {today, yesterday}.
export function layout({ items, outbox = [], me = '', line = null, open = new Set(), now, words }) {
  const rows = [];
  let day = null;
  let previous = null;
  let notices = [];

  const flush = () => {
    if (notices.length) rows.push(noticeRow(notices, open.has(notices[0].key)));
    notices = [];
  };
  const startDay = (ts) => {
    if (startOfDay(ts) === day) return;
    flush();
    day = startOfDay(ts);
    previous = null;
    const label = dayName(ts, now, words);
    rows.push({ kind: 'day', key: `day ${day}`, sig: label, label });
  };
  const add = (item) => {
    startDay(item.ts);
    if (item.key === line) {
      flush();
      previous = null;
      rows.push({ kind: 'line', key: 'line', sig: '' });
    }
    if (item.kind === 'join' || item.kind === 'leave') {
      if (item.mine) flush();
      notices.push(item);
      if (item.mine) flush();
      previous = null;
      return;
    }
    flush();
    rows.push(
      item.kind === 'message'
        ? messageRow(item, !continues(previous, item))
        : { kind: item.kind, key: item.key, sig: '', from: item.from, ts: item.ts },
    );
    previous = item;
  };

  items.forEach(add);
  for (const entry of outbox) add({ ...entry, kind: 'message', username: me, mine: true });
  flush();
  return rows;
}
