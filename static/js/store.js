// What is known: pure reducers (docs/client.md).
import { nameKey } from './hubbub.js';

const ITEMS_MAX = 10_000;
const ITEMS_DROPPED_AT_ONCE = 1_000;
const ITEMS_IN_ALL = 30_000;
const ITEMS_ELSEWHERE = 200; // when there is too much in all
const NOTICES_UP_TO = 50; // people; in a larger room it is no news
const TYPING_MS = 5_000;
const LATER_MAX = 500;
const CHANGES_KEPT = 200;

export const emptyRoom = {
  name: '',
  epoch: null,
  seq: 0,
  isIn: false,
  users: [],
  count: 0,
  topic: '',
  items: [],
  next: 0,
  hasOlder: false,
  hasNewer: false,
  later: [],
  changes: [], // the last edits, deletions and reactions
  unread: 0,
  mentions: 0,
  line: null,
  read: null,
  typing: {},
};
export const initial = { me: '', current: null, order: [], rooms: {} };

// (A room may be called "constructor".)
const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

export const roomOf = (state, name) => own(state.rooms, name);
export const isMe = (state, username) => nameKey(username) === nameKey(state.me);
export const findMessage = (room, id) => room?.items.findLast((item) => item.id === id);

export const isKept = (item) => item.id && !item.isLost;
const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

const word = /[\p{L}\p{N}\p{M}_]/u;

// As a word of its own.
export function mentions(body, name) {
  const text = nameKey(body);
  const wanted = nameKey(name);
  const isInside = (a = ' ', b = ' ') => word.test(a) && word.test(b);
  for (let at = text.indexOf(wanted); wanted && at >= 0; at = text.indexOf(wanted, at + 1))
    if (!isInside(text[at - 1], wanted[0]) && !isInside(text[at + wanted.length], wanted.at(-1))) return true;
  return false;
}

function item(state, { id, seq, username, body, ts, reply_to, edited, deleted, reactions = {}, cid, watched }) {
  const mine = isMe(state, username);
  return { kind: 'message', key: cid ?? id, id, seq, username, body, ts, mine, reactions, reply_to, edited, deleted, watched };
}
const itemsOf = (state, frames) => frames.filter((f) => f.type === 'message').map((f) => item(state, f));

const isBehind = (room, { isAway }) => room.hasNewer || (isAway && room.items.length >= ITEMS_MAX);
const toLater = (room, frame) => ({ ...room, hasNewer: true, later: [...room.later, frame].slice(-LATER_MAX) });

function trim(room) {
  if (room.items.length <= ITEMS_MAX || room.hasNewer) return room;
  return { ...room, items: room.items.slice(ITEMS_DROPPED_AT_ONCE), hasOlder: true };
}

const append = (room, added) => trim({ ...room, items: [...room.items, added], next: room.next + 1 });
const numbered = (room, fields) => ({ key: `n${room.next}`, ...fields });

export function merge(items, messages) {
  const keys = new Map(items.filter(isKept).map((i) => [i.id, i.key]));
  const fresh = new Map(messages.map((m) => [m.id, { ...m, key: keys.get(m.id) ?? m.key }]));
  const added = messages.filter((m) => !keys.has(m.id));
  const merged = [];
  for (const known of items) {
    const seq = known.isLost ? -1 : (known.seq ?? known.before);
    while (added[0]?.seq < seq) merged.push(added.shift());
    merged.push((isKept(known) && fresh.get(known.id)) || known);
  }
  return [...merged, ...added];
}

function change(room, id, f) {
  const at = room.items.findLastIndex((i) => i.id === id && isKept(i));
  if (at < 0) return room;
  return { ...room, items: room.items.with(at, { ...room.items[at], ...f(room.items[at]) }) };
}

function withReaction(reactions, { emoji, username, on }) {
  const known = own(reactions, emoji) ?? [];
  const others = known.filter((name) => nameKey(name) !== nameKey(username));
  const names = !on ? others : others.length < known.length ? known : [...known, username];
  return names.length ? { ...reactions, [emoji]: names } : without(reactions, emoji);
}

function arrive(room, frame, state) {
  const made = item(state, frame);
  if (isBehind(room, frame)) return made.mine ? toLater(room, frame) : count(toLater(room, frame), made, state, frame.isAway);
  // History may have brought it.
  if (room.items.findLast(isKept)?.seq >= frame.seq && room.items.some((i) => i.id === frame.id && isKept(i))) return room;
  const after = append(room, made);
  if (made.mine && !room.unread) return { ...after, read: made.seq };
  return made.mine || made.watched ? after : count(after, made, state, frame.isAway);
}

function count(room, made, state, isAway) {
  return {
    ...room,
    unread: room.unread + 1,
    mentions: room.mentions + mentions(made.body, state.me),
    line: room.line === null || (room.unread === 0 && !isAway) ? made.key : room.line,
  };
}

const events = {
  message: (room, frame, state) => arrive(stopTyping(room, frame.username), frame, state),
  edit: (room, { id, body, ts }) => change(room, id, () => ({ body, edited: ts })),
  delete: (room, { id }, state) => {
    const after = change(room, id, () => ({ body: '', deleted: true, reactions: {} }));
    if (!room.unread || room.hasNewer) return after;
    const counted = unreadSince(after, room.read, state);
    return { ...counted, line: counted.unread ? room.line : null };
  },
  react: (room, frame) => change(room, frame.id, ({ reactions }) => ({ reactions: withReaction(reactions, frame) })),
};

function durable(room, frame, state) {
  if (frame.seq <= room.seq) return room;
  const applied = events[frame.type](room, frame, state);
  const isWaiting = room.hasNewer && frame.type !== 'message' && room.later.some((f) => f.id === frame.id);
  const changes = frame.type === 'message' ? room.changes : [...room.changes, frame].slice(-CHANGES_KEPT);
  return { ...(isWaiting ? toLater(applied, frame) : applied), changes, seq: frame.seq };
}

function stopTyping(room, username) {
  return Object.hasOwn(room.typing, username) ? { ...room, typing: without(room.typing, username) } : room;
}

const withUsers = (room, users, count = users.length) => ({ ...room, users, count });

function notice(room, frame, state) {
  const { type: kind, username, ts, isWanted } = frame;
  const mine = isMe(state, username);
  if ((room.count > NOTICES_UP_TO && !mine && !isWanted) || isBehind(room, frame)) return room;
  return append(room, numbered(room, { kind, username, ts, mine }));
}

function unreadSince(room, read, state) {
  const unread = room.items.filter((i) => isKept(i) && i.seq > read && !i.mine && !i.deleted);
  return {
    ...room,
    items: room.items.map((i) => (i.watched && i.seq > read ? { ...i, watched: false } : i)),
    unread: unread.length,
    mentions: unread.filter((i) => mentions(i.body, state.me)).length,
    line: unread[0]?.key ?? null,
    read,
  };
}

function firstLook(room, frame, state) {
  const items = itemsOf(state, frame.events);
  const { mark } = frame;
  const since = mark?.epoch === frame.epoch ? mark.seq : frame.seq;
  return unreadSince({ ...room, items, hasOlder: items[0]?.seq > 1 }, since, state);
}

function afterLoss(room, frame, state) {
  const messages = itemsOf(state, frame.events);
  const isSameLog = room.epoch === frame.epoch;
  const isOverlapping = isSameLog && messages[0]?.seq <= room.items.findLast(isKept)?.seq;
  const isNothing = isSameLog && frame.seq === room.seq;
  let { items } = room;
  if (!isSameLog) items = items.map((i) => (isKept(i) ? { ...i, key: `lost-${i.key}`, isLost: true } : i));
  const hole = { kind: 'hole', before: messages[0]?.seq ?? frame.seq + 1 };
  if (!isOverlapping && !isNothing && items.length)
    items = [...items, numbered(room, { ts: messages[0]?.ts ?? frame.now, ...(isSameLog ? hole : { kind: 'gap' }) })];
  const isNew = (m) => !m.mine && !m.deleted && (!isSameLog || m.seq > room.seq);
  const read = isSameLog ? room.read : 0;
  const was = isSameLog ? room : { ...room, unread: 0, mentions: 0 };
  const after = { ...was, items: merge(items, messages), read, next: room.next + 1, hasNewer: false, later: [], changes: [] };
  return messages.filter(isNew).reduce((sum, made) => count(sum, made, state), after);
}

function joinLater(room, state) {
  const last = room.items.findLast(isKept)?.seq ?? 0;
  const add = (after, frame) => {
    if (frame.type !== 'message') return events[frame.type](after, frame, state);
    return frame.seq <= last ? after : append(after, item(state, frame));
  };
  const after = room.later.reduce(add, { ...room, unread: 0, hasNewer: false, later: [] });
  return room.unread ? { ...unreadSince(after, room.read, state), line: room.line } : after;
}

const crop = (room) =>
  room.items.length > ITEMS_MAX + ITEMS_DROPPED_AT_ONCE ? { ...room, items: room.items.slice(0, ITEMS_MAX), hasNewer: true } : room;

const pages = {
  before: (room, { items, more, since }, state) => {
    const after = crop({ ...room, items: merge(room.items, items), hasOlder: more });
    return since === room.read ? unreadSince(after, since, state) : after;
  },
  after: (room, { items, more }, state) => {
    const after = { ...room, items: merge(room.items, items), hasNewer: more };
    return more ? after : joinLater(after, state);
  },
  around: (room, { items, hasNewer }) => ({ ...room, items, hasOlder: true, hasNewer, later: [] }),
  newest: (room, { items, more }, state) => joinLater({ ...room, items, hasOlder: more }, state),
  hole: (room, { items, more, key }, state) => {
    const at = room.items.findIndex((i) => i.key === key);
    if (at < 0) return room;
    const known = new Set(room.items.slice(0, at).map((i) => i.id));
    const merged = merge(room.items, items).filter((i) => i.key !== key);
    const [first] = items;
    if (more && first && !items.some((m) => known.has(m.id)))
      merged.splice(merged.findIndex((i) => i.id === first.id), 0, { ...room.items[at], before: first.seq });
    const after = { ...room, items: merged };
    return room.unread ? unreadSince(after, room.read, state) : after;
  },
};

const asRead = (room, seq) => ({ ...room, unread: 0, mentions: 0, read: Math.max(Math.min(seq, room.seq), room.read) });

const roomActions = {
  joined: (room, frame, state) => {
    const { users, count: n, seq, epoch, events: all } = frame;
    const recover = () => all.reduce((after, e) => durable(after, { ...e, isAway: frame.isAway }, state), room);
    const look = room.epoch === null ? firstLook : frame.recovered ? recover : afterLoss;
    return { ...withUsers(look(room, frame, state), users, n), seq, epoch, isIn: true, typing: {} };
  },

  message: durable,
  edit: durable,
  delete: durable,
  react: durable,

  join: (room, frame, state) => {
    const isListed = room.users.includes(frame.username);
    if (isListed && !isMe(state, frame.username)) return room;
    return notice(withUsers(room, isListed ? room.users : [...room.users, frame.username], frame.count), frame, state);
  },
  leave: (room, frame, state) => {
    const users = room.users.filter((user) => user !== frame.username);
    return notice(withUsers(stopTyping(room, frame.username), users, frame.count), frame, state);
  },
  users: (room, { users, count: n }) => withUsers(room, users, n),
  typing: (room, { username, now }, state) =>
    isMe(state, username) ? room : { ...room, typing: { ...room.typing, [username]: now + TYPING_MS } },
  typingOver: (room, { now }) => {
    const left = Object.entries(room.typing).filter(([, until]) => until > now);
    return left.length === Object.keys(room.typing).length ? room : { ...room, typing: Object.fromEntries(left) };
  },
  topic: (room, { topic }) => (topic === room.topic ? room : { ...room, topic }),

  history: (room, { where, messages, epoch, ...page }, state) => {
    if (epoch !== room.epoch) return room;
    const after = pages[where](room, { ...page, items: itemsOf(state, messages) }, state);
    const ids = new Set(messages.map((m) => m.id));
    return room.changes.filter((c) => ids.has(c.id)).reduce((sum, c) => events[c.type](sum, c, state), after);
  },

  apply: (room, { event }, state) => events[event.type](room, event, state),
  restore: (room, { was, event }) =>
    change(room, was.id, (is) =>
      event.type === 'react'
        ? { reactions: withReaction(is.reactions, { ...event, on: !event.on }) }
        : is.body === event.body || event.type === 'delete'
          ? { body: was.body, edited: was.edited, deleted: was.deleted, reactions: was.reactions }
          : {},
    ),

  rekey: (room, { id, key }) => change(room, id, () => ({ key })),

  read: (room, { seq = room.seq }) => (room.unread || room.read < seq ? asRead(room, seq) : room),
  unseen: (room, { seq }, state) => {
    const after = unreadSince(room, Math.min(seq, room.read), state);
    return after.unread > room.unread ? { ...after, line: room.line ?? after.line } : room;
  },
  readElsewhere: (room, { seq }, state) => (seq > room.read ? unreadSince(room, seq, state) : room),
  clearLine: (room) => (room.line ? { ...asRead(room, room.seq), line: null } : room),
  lookAway: (room, { seq }, state) => {
    if (!room.hasNewer) return unreadSince(room, Math.min(seq, room.read), state);
    return room.unread ? room : { ...room, line: null };
  },
  out: (room) => (room.isIn ? { ...room, isIn: false, typing: {} } : room),
};

const actions = {
  start: (state, { me }) => ({ ...initial, me }),
  named: (state, { me }) => (me === state.me ? state : { ...state, me }),

  enter: (state, { room }) => {
    if (own(state.rooms, room)) return state;
    const rooms = { ...state.rooms, [room]: { ...emptyRoom, name: room } };
    return { ...state, order: [...state.order, room], rooms };
  },
  rename: (state, { room, to }) => {
    if (room === to || !own(state.rooms, room)) return state;
    const order = [...new Set(state.order.map((name) => (name === room ? to : name)))];
    const current = state.current === room ? to : state.current;
    return { ...state, current, order, rooms: { [to]: { ...state.rooms[room], name: to }, ...without(state.rooms, room) } };
  },
  left: (state, { room }) => {
    const order = state.order.filter((name) => name !== room);
    const current = state.current === room ? (order[0] ?? null) : state.current;
    return { ...state, current, order, rooms: without(state.rooms, room) };
  },
  open: (state, { room }) => {
    if (!own(state.rooms, room)) return state;
    const sum = Object.values(state.rooms).reduce((n, r) => n + r.items.length, 0);
    const slim = (r) =>
      r.name === room || r.hasNewer || r.items.length <= ITEMS_ELSEWHERE
        ? r
        : { ...r, items: r.items.slice(-ITEMS_ELSEWHERE), hasOlder: true };
    return { ...state, current: room, rooms: sum <= ITEMS_IN_ALL ? state.rooms : mapRooms(state.rooms, slim) };
  },
  everyRoom: (state, { action }) => {
    const rooms = mapRooms(state.rooms, (room) => roomActions[action.type](room, action, state));
    return Object.keys(rooms).every((name) => rooms[name] === state.rooms[name]) ? state : { ...state, rooms };
  },
};

const mapRooms = (rooms, f) => Object.fromEntries(Object.entries(rooms).map(([name, room]) => [name, f(room)]));

export function reduce(state, action) {
  if (Object.hasOwn(actions, action.type)) return actions[action.type](state, action);
  const room = own(state.rooms, action.room);
  if (!room || !Object.hasOwn(roomActions, action.type)) return state;
  const after = roomActions[action.type](room, action, state);
  return after === room ? state : { ...state, rooms: { ...state.rooms, [action.room]: after } };
}

export function createStore(changed) {
  let state = initial;
  return {
    get: () => state,
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) changed(state, before);
    },
  };
}
