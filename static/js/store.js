// What the client knows about its rooms: pure reducers, and a store that tells its subscribers.
import { nameKey } from './protocol.js';

const ITEMS_MAX = 10_000;
const ITEMS_DROPPED_AT_ONCE = 1_000;
const ITEMS_IN_ALL = 30_000;
const ITEMS_ELSEWHERE = 200; // what other rooms keep when there is too much in all
const NOTICES_UP_TO = 50; // people; in a larger room, coming and going is no news
const TYPING_MS = 5_000;

// items, in their order in the log:
//   {kind: 'message', key (the cid of its frame, or its id), id, seq, username, body, ts, mine, reply_to?, edited?, deleted?, reactions,
//    isLost?}                                   isLost: the log it was in is gone, nothing can be done to it
//   {kind: 'join' | 'leave', key, username, ts, mine, reason?}
//   {kind: 'hole', key, before, ts}             what is missing here can be asked for, before that seq
//   {kind: 'gap', key, ts}                      what is missing here is gone
// hasOlder, hasNewer: whether history has more in that direction. While hasNewer, what is live waits in
// `later`. line: key of the first unread message; unread and mentions: since one last looked; read: seq.
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
  unread: 0,
  mentions: 0,
  line: null,
  read: null,
  typing: {},
};
export const initial = { me: '', current: null, order: [], rooms: {} };

// A room may be called "constructor".
const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

export const roomOf = (state, name) => own(state.rooms, name);
export const isMe = (state, username) => nameKey(username) === nameKey(state.me);
export const findMessage = (room, id) => room?.items.findLast((item) => item.id === id);

const word = /[\p{L}\p{N}\p{M}_]/u;

// Whether the name stands in the text as a word of its own.
export function mentions(body, name) {
  const text = nameKey(` ${body} `);
  const wanted = nameKey(name);
  if (!wanted) return false;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + wanted.length] ?? ' ';
    if (!(word.test(before) && word.test(wanted[0])) && !(word.test(after) && word.test(wanted.at(-1)))) return true;
  }
  return false;
}

// --- items ---

function item(state, frame) {
  const { id, seq, username, body, ts, reply_to, edited, deleted, reactions = {}, cid } = frame;
  const made = { kind: 'message', key: cid ?? id, id, seq, username, body, ts, mine: isMe(state, username), reactions };
  if (reply_to !== undefined) made.reply_to = reply_to;
  if (edited !== undefined) made.edited = edited;
  if (deleted) made.deleted = true;
  return made;
}

const toLater = (room, frame) => ({ ...room, later: [...room.later, frame] });

function trim(room) {
  if (room.items.length <= ITEMS_MAX || room.hasNewer) return room;
  return { ...room, items: room.items.slice(ITEMS_DROPPED_AT_ONCE), hasOlder: true };
}

const append = (room, added) => trim({ ...room, items: [...room.items, added], next: room.next + 1 });
const numbered = (room, fields) => ({ key: `n${room.next}`, ...fields });

// Puts messages in their current state among what is known: by id, else by seq.
export function merge(items, messages) {
  if (!messages.length) return items;
  const keys = new Map(items.filter((i) => i.id && !i.isLost).map((i) => [i.id, i.key]));
  const fresh = new Map(messages.map((m) => [m.id, keys.has(m.id) ? { ...m, key: keys.get(m.id) } : m]));
  const merged = [];
  const added = messages.filter((m) => !keys.has(m.id)).map((m) => fresh.get(m.id));
  let next = 0;
  for (const known of items) {
    const seq = known.isLost ? undefined : (known.seq ?? known.before);
    while (seq !== undefined && next < added.length && added[next].seq < seq) merged.push(added[next++]);
    merged.push(fresh.get(known.isLost ? undefined : known.id) ?? known);
  }
  return [...merged, ...added.slice(next)];
}

function change(room, id, f) {
  const at = room.items.findLastIndex((i) => i.id === id && !i.isLost);
  if (at < 0) return room;
  return { ...room, items: room.items.with(at, { ...room.items[at], ...f(room.items[at]) }) };
}

function withReaction(reactions, { emoji, username, on }) {
  const known = own(reactions, emoji) ?? [];
  const others = known.filter((name) => nameKey(name) !== nameKey(username));
  const names = !on ? others : others.length < known.length ? known : [...known, username];
  const { [emoji]: _, ...rest } = reactions;
  if (!names.length) return rest;
  return Object.hasOwn(reactions, emoji) ? { ...reactions, [emoji]: names } : { ...rest, [emoji]: names };
}

// --- what happens in a room: (room, frame, state) => room ---

// A page of history may have brought it already, ahead of the live one.
const isKnown = (room, { id, seq }) => {
  const last = room.items.findLast((i) => i.seq !== undefined);
  return last && !last.isLost && last.seq >= seq && room.items.some((i) => i.id === id && !i.isLost);
};

function arrive(room, frame, state, watched) {
  const made = item(state, frame);
  if (room.hasNewer) return made.mine ? toLater(room, frame) : count(toLater(room, frame), made, state);
  if (isKnown(room, frame)) return room;
  const after = append(room, made);
  if (made.mine) return { ...after, read: made.seq };
  return watched ? { ...after, read: made.seq } : count(after, made, state);
}

function count(room, made, state) {
  return {
    ...room,
    unread: room.unread + 1,
    mentions: room.mentions + (mentions(made.body, state.me) ? 1 : 0),
    line: room.unread === 0 || room.line === null ? made.key : room.line,
  };
}

const events = {
  message: (room, frame, state) => arrive(stopTyping(room, frame.username), frame, state, frame.watched),
  edit: (room, { id, body, ts }) => change(room, id, () => ({ body, edited: ts })),
  delete: (room, { id }) => change(room, id, () => ({ body: '', deleted: true, reactions: {} })),
  react: (room, frame) => change(room, frame.id, ({ reactions }) => ({ reactions: withReaction(reactions, frame) })),
};

function durable(room, frame, state) {
  if (frame.seq <= room.seq) return room;
  const applied = events[frame.type](room, frame, state);
  // What concerns a message that waits must wait with it.
  const isWaiting = room.hasNewer && frame.type !== 'message' && room.later.some((f) => f.id === frame.id);
  return { ...(isWaiting ? toLater(applied, frame) : applied), seq: frame.seq };
}

function stopTyping(room, username) {
  if (!Object.hasOwn(room.typing, username)) return room;
  const { [username]: _, ...typing } = room.typing;
  return { ...room, typing };
}

function notice(room, kind, { username, ts, reason }, state) {
  if (room.count > NOTICES_UP_TO || room.hasNewer) return room;
  const fields = { kind, username, ts, mine: isMe(state, username), ...(reason ? { reason } : {}) };
  return append(room, numbered(room, fields));
}

// The first look into a room: what is unread is what came after the mark of an earlier visit.
function firstLook(room, frame, state) {
  const items = frame.events.filter((e) => e.type === 'message').map((e) => item(state, e));
  const { mark } = frame;
  const since = mark && mark.epoch === frame.epoch ? mark.seq : frame.seq;
  const unread = items.filter((i) => i.seq > since && !i.mine && !i.deleted);
  return {
    ...room,
    items,
    hasOlder: items.length >= (frame.asked ?? 1),
    unread: unread.length,
    mentions: unread.filter((i) => mentions(i.body, state.me)).length,
    line: unread[0]?.key ?? null,
    read: since,
  };
}

// Back in, and something may be missing between what is known and what came.
function afterLoss(room, frame, state) {
  const messages = frame.events.filter((e) => e.type === 'message').map((e) => item(state, e));
  const isSameLog = room.epoch === frame.epoch;
  const last = room.items.findLast((i) => i.seq !== undefined && !i.isLost);
  const isOverlapping = isSameLog && messages.length > 0 && last && messages[0].seq <= last.seq;
  const isNothing = isSameLog && frame.seq === room.seq;
  let { items } = room;
  if (!isSameLog) items = items.map((i) => (i.id && !i.isLost ? { ...i, key: `lost ${i.key}`, isLost: true } : i));
  const seam = { ts: frame.now, before: messages[0]?.seq ?? frame.seq + 1 };
  const { before, ...gone } = seam;
  if (!isOverlapping && !isNothing && items.length)
    items = [...items, numbered(room, isSameLog ? { kind: 'hole', before, ...gone } : { kind: 'gap', ...gone })];
  const fresh = messages.filter((m) => !isSameLog || m.seq > room.seq);
  let after = { ...room, items: merge(items, messages), next: room.next + 1, hasNewer: false, later: [] };
  for (const made of fresh) if (!made.mine && !made.deleted && !frame.watched) after = count(after, made, state);
  return after;
}

// The end of history is reached: what waited is put behind it.
function joinLater(room, state) {
  let after = { ...room, hasNewer: false, later: [] };
  const known = new Set(after.items.map((i) => i.id));
  for (const frame of room.later) {
    if (frame.type === 'message' && !known.has(frame.id)) after = append(after, item(state, frame));
    else if (frame.type !== 'message') after = events[frame.type](after, frame, state);
  }
  return after;
}

const pages = {
  before: (room, { items, more }) => ({ ...room, items: merge(room.items, items), hasOlder: more }),
  after: (room, { items, more }, state) => {
    const after = { ...room, items: merge(room.items, items), hasNewer: more };
    return more ? after : joinLater(after, state);
  },
  // Another place in the log: what is here now goes.
  around: (room, { items, hasNewer }) => ({ ...room, items, hasOlder: true, hasNewer, later: [] }),
  newest: (room, { items, more }, state) =>
    joinLater({ ...room, items, hasOlder: more }, state),
  hole: (room, { items, more, key }) => {
    const at = room.items.findIndex((i) => i.key === key);
    if (at < 0) return room;
    const known = new Set(room.items.slice(0, at).map((i) => i.id));
    const isClosed = !more || !items.length || items.some((m) => known.has(m.id));
    const merged = merge(room.items, items);
    const next = isClosed
      ? merged.filter((i) => i.key !== key)
      : moveHole(merged.filter((i) => i.key !== key), room.items[at], items[0]);
    return { ...room, items: next };
  },
};

function moveHole(items, hole, first) {
  const at = items.findIndex((i) => i.id === first.id);
  return items.toSpliced(at, 0, { ...hole, before: first.seq });
}

const roomActions = {
  joined: (room, frame, state) => {
    const looks = room.epoch === null ? firstLook : frame.recovered ? null : afterLoss;
    let after = looks ? looks(room, frame, state) : room;
    if (!looks) for (const e of frame.events) after = durable(after, { ...e, watched: frame.watched }, state);
    const { users, seq, epoch } = frame;
    return { ...after, users, count: frame.count ?? users.length, seq, epoch, isIn: true, typing: {} };
  },

  message: durable,
  edit: durable,
  delete: durable,
  react: durable,

  join: (room, frame, state) => {
    const isListed = room.users.includes(frame.username);
    if (isListed && !isMe(state, frame.username)) return room;
    const users = isListed ? room.users : [...room.users, frame.username];
    return notice({ ...room, users, count: frame.count ?? users.length }, 'join', frame, state);
  },
  leave: (room, frame, state) => {
    const users = room.users.filter((user) => user !== frame.username);
    const after = { ...stopTyping(room, frame.username), users, count: frame.count ?? users.length };
    return notice(after, 'leave', frame, state);
  },
  users: (room, { users, count: n }) => ({ ...room, users, count: n ?? users.length }),
  typing: (room, { username, now }, state) =>
    isMe(state, username) ? room : { ...room, typing: { ...room.typing, [username]: now + TYPING_MS } },
  typingOver: (room, { now }) => {
    const left = Object.entries(room.typing).filter(([, until]) => until > now);
    return left.length === Object.keys(room.typing).length ? room : { ...room, typing: Object.fromEntries(left) };
  },
  topic: (room, { topic }) => (topic === room.topic ? room : { ...room, topic }),

  history: (room, { where, messages, epoch, ...page }, state) => {
    if (epoch !== room.epoch) return room;
    return pages[where](room, { ...page, items: messages.map((m) => item(state, m)) }, state);
  },

  // What one does oneself is seen at once; if the server refuses it, `restore` takes it back.
  apply: (room, { event }, state) => events[event.type](room, event, state),
  restore: (room, { was, event }) =>
    change(room, was.id, (is) =>
      event.type === 'react'
        ? { reactions: withReaction(is.reactions, { ...event, on: !event.on }) }
        : is.body === event.body || event.type === 'delete'
          ? { body: was.body, edited: was.edited, deleted: was.deleted, reactions: was.reactions }
          : {},
    ),

  // The message that we sent is in the log under this id already: it is one and the same row.
  rekey: (room, { id, key }) => (findMessage(room, id) ? change(room, id, () => ({ key })) : room),

  // One has looked: everything that is here is read.
  read: (room) =>
    room.unread || room.read !== room.seq ? { ...room, unread: 0, mentions: 0, read: room.seq } : room,
  // Another window of this browser has read up to there.
  readElsewhere: (room, { seq }) => (room.seq <= seq ? { ...room, unread: 0, mentions: 0, line: null, read: seq } : room),
  clearLine: (room) => (room.line ? { ...room, unread: 0, mentions: 0, line: null, read: room.seq } : room),
  // Whoever looks away having read everything finds the line below that on return.
  lookAway: (room) => (room.line && !room.unread ? { ...room, line: null } : room),
  out: (room) => (room.isIn ? { ...room, isIn: false, typing: {} } : room),
};

const actions = {
  start: (state, { me }) => ({ ...initial, me }),
  // The server spells the name as everybody sees it.
  named: (state, { me }) => (me === state.me ? state : { ...state, me }),

  enter: (state, { room }) =>
    own(state.rooms, room)
      ? state
      : { ...state, order: [...state.order, room], rooms: { ...state.rooms, [room]: { ...emptyRoom, name: room } } },
  rename: (state, { room, to }) => {
    if (room === to || !own(state.rooms, room)) return state;
    const { [room]: old, ...rest } = state.rooms;
    const order = [...new Set(state.order.map((name) => (name === room ? to : name)))];
    const current = state.current === room ? to : state.current;
    return { ...state, current, order, rooms: { [to]: { ...old, name: to }, ...rest } };
  },
  left: (state, { room }) => {
    const { [room]: _, ...rooms } = state.rooms;
    const order = state.order.filter((name) => name !== room);
    return { ...state, order, rooms, current: state.current === room ? (order[0] ?? null) : state.current };
  },
  open: (state, { room }) => {
    if (!own(state.rooms, room)) return state;
    const sum = Object.values(state.rooms).reduce((n, r) => n + r.items.length, 0);
    const slim = (r) =>
      r.name === room || r.hasNewer || r.items.length <= ITEMS_ELSEWHERE
        ? r
        : { ...r, items: r.items.slice(-ITEMS_ELSEWHERE), hasOlder: true };
    const rooms = sum <= ITEMS_IN_ALL ? state.rooms : mapRooms(state.rooms, slim);
    return { ...state, current: room, rooms };
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

export function createStore() {
  const subscribers = new Set();
  let state = initial;
  return {
    get: () => state,
    room: (name = state.current) => own(state.rooms, name),
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const subscriber of subscribers) subscriber(state, before);
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
    },
  };
}
