// From what is known to what is seen: messages grouped, notices folded, days and the unread line put
// in. Pure. Each row is {key, sig, kind, ...}; if all that is in sig is the same, its element can stay.
import { dayName, startOfDay } from './format.js';
import { nameKey } from './protocol.js';
import { mentions } from './store.js';

const GROUP_MS = 5 * 60_000;

const isPlain = (item) => item.kind === 'message' && !item.deleted;

function continues(previous, item) {
  return (
    previous &&
    isPlain(previous) &&
    isPlain(item) &&
    !item.reply_to &&
    previous.username === item.username &&
    item.ts - previous.ts < GROUP_MS &&
    startOfDay(previous.ts) === startOfDay(item.ts)
  );
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

function noticeRow(items, open) {
  const { key, ts, mine } = items[0];
  if (items.length === 1) return { kind: 'notice', key, sig: [1], items, ts, mine };
  const isOpen = open.has(key);
  return { kind: 'fold', key, sig: [items.length, isOpen], items, ts, isOpen };
}

// An entry that was sent, and whose message seems to be in the log already: only the ack is missing.
function isEchoed(entry, mine) {
  if (entry.state === 'failed') return false;
  if (entry.id) return mine.some((item) => item.id === entry.id);
  return entry.wasSent && mine.some((item) => item.seq > entry.after && item.key === item.id && item.body === entry.body);
}

// items: a run of the store's; outbox: what is not confirmed yet; line: key of the first unread
// item or null; open: keys of the folds that are shown whole; notices: 'fold', 'show' or 'hide';
// find(id): the message that is replied to; words: {today, yesterday}.
export function layout({
  items,
  outbox = [],
  me = '',
  line = null,
  open = new Set(),
  notices = 'fold',
  find = () => undefined,
  now,
  words,
}) {
  const rows = [];
  let day = null;
  let previous = null;
  let run = [];

  const flush = () => {
    if (run.length) rows.push(noticeRow(run, open));
    run = [];
  };
  const startDay = (ts) => {
    if (startOfDay(ts) === day) return;
    flush();
    day = startOfDay(ts);
    previous = null;
    const label = dayName(ts, now, words);
    rows.push({ kind: 'day', key: `day ${day}`, sig: [label], label });
  };
  const addNotice = (item) => {
    if (notices === 'hide' && !item.mine) return;
    if (item.mine || notices === 'show') flush();
    run.push(item);
    if (item.mine) flush();
    previous = null;
  };
  const addMessage = (item) => {
    const first = !continues(previous, item);
    const quoted = item.reply_to === undefined ? null : (find(item.reply_to) ?? null);
    const isForMe = !item.mine && mentions(item.body, me);
    rows.push({ kind: 'message', key: item.key, sig: [item.entry ?? item, first, quoted], item, first, quoted, isForMe });
  };
  const add = (item) => {
    if (item.kind === 'join' || item.kind === 'leave') {
      if (notices !== 'hide' || item.mine) startDay(item.ts);
      addNotice(item);
      return;
    }
    startDay(item.ts);
    if (item.key === line) {
      flush();
      previous = null;
      rows.push({ kind: 'line', key: 'line', sig: [] });
    }
    flush();
    if (item.kind === 'message') addMessage(item);
    else rows.push({ kind: item.kind, key: item.key, sig: [item], item });
    previous = item;
  };

  items.forEach(add);
  const mine = outbox.length ? items.filter((item) => item.mine && item.kind === 'message') : [];
  for (const entry of outbox)
    if (!isEchoed(entry, mine)) add({ ...entry, key: entry.cid, kind: 'message', username: me, mine: true, entry });
  flush();
  return rows;
}
