// The wire, version 2 (docs/protocol.md): encode, decode, validate, and what may be a name. Pure: no page, no socket.

export const SUBPROTOCOL = 'chat.v2';
export const DEFAULT_ROOM = 'lobby';

// The server's own defaults. It has the last word; these only spare a person the round trip.
const NAME_CHARACTERS = 32;
const NAME_BYTES = 128;
const ROOM_CHARACTERS = 64;

const utf8 = new TextEncoder();
const segmenter = new Intl.Segmenter();

export const bytes = (text) => utf8.encode(text).length;

// base is the address of the page or of the server, so that a path prefix of a reverse proxy is kept.
export function socketUrl(base) {
  const url = new URL('ws', base);
  url.protocol = /^(https|wss):$/.test(url.protocol) ? 'wss:' : 'ws:';
  url.hash = '';
  url.search = '';
  return url.href;
}

// 96 random bits. (crypto.randomUUID is missing where the page came over plain http.)
export function newCid() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const DATE_MAX = 8.64e15; // what a Date can hold
const isText = (value) => typeof value === 'string';
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isTime = (value) => typeof value === 'number' && Math.abs(value) <= DATE_MAX;
const isSeq = (value) => Number.isSafeInteger(value) && value >= 0;
const isObject = (value) => value !== null && typeof value === 'object';
const isNone = (value) => value === undefined;
const isCount = (value) => isNone(value) || isSeq(value);

const isDurable = (f) => isText(f.id) && isSeq(f.seq) && isText(f.username) && isTime(f.ts);
const isMessage = (f) =>
  isDurable(f) &&
  isText(f.body) &&
  (isNone(f.reply_to) || isText(f.reply_to)) &&
  (isNone(f.edited) || isTime(f.edited));
const isPresence = (f) =>
  isText(f.room) && isText(f.username) && (isNone(f.ts) || isTime(f.ts)) && isCount(f.count);

const durable = {
  message: isMessage,
  edit: (f) => isDurable(f) && isText(f.body),
  delete: isDurable,
  react: (f) => isDurable(f) && isText(f.emoji) && typeof f.on === 'boolean',
};
const inRoom = (check) => (f) => isText(f.room) && check(f);

const shapes = {
  hello: (f) => f.version === 2 && (isNone(f.build) || isText(f.build)),
  joined: (f) =>
    isText(f.room) &&
    isText(f.username) &&
    isText(f.epoch) &&
    isSeq(f.seq) &&
    Array.isArray(f.events) &&
    isTexts(f.users) &&
    isCount(f.count),
  left: (f) => isText(f.room),
  ack: (f) => isText(f.id) && isSeq(f.seq) && isTime(f.ts),
  message: inRoom(durable.message),
  edit: inRoom(durable.edit),
  delete: inRoom(durable.delete),
  react: inRoom(durable.react),
  join: isPresence,
  leave: isPresence,
  typing: isPresence,
  history: (f) => isText(f.room) && Array.isArray(f.messages),
  search: (f) => Array.isArray(f.messages),
  users: (f) => isText(f.room) && isTexts(f.users) && isCount(f.count),
  rooms: (f) => Array.isArray(f.rooms),
  error: (f) => isText(f.error),
  bye: (f) => isNone(f.reason) || isText(f.reason),
  pong: () => true,
};

export const isDurableType = (type) => Object.hasOwn(durable, type);

function cleanReactions(reactions) {
  if (!isObject(reactions)) return {};
  return Object.fromEntries(Object.entries(reactions).filter(([, names]) => isTexts(names) && names.length));
}

const cleanMessage = (m) => ({ ...m, type: 'message', reactions: cleanReactions(m.reactions) });
const isEvent = (e) => isObject(e) && isDurableType(e.type) && durable[e.type](e);
const isCurrent = (m) => isObject(m) && isMessage(m);
const isRoom = (r) => isObject(r) && isText(r.name) && (isNone(r.topic) || isText(r.topic)) && isCount(r.members);

// What is in a list is checked one by one, so that one odd entry does not cost the rest.
const insides = {
  message: (f) => (isNone(f.reactions) ? f : cleanMessage(f)),
  joined: (f) => ({
    ...f,
    events: f.events.filter(isEvent).map((e) => (e.type === 'message' ? cleanMessage(e) : e)),
  }),
  history: (f) => ({ ...f, messages: f.messages.filter(isCurrent).map(cleanMessage) }),
  search: (f) => ({
    ...f,
    messages: f.messages.filter((m) => isCurrent(m) && isText(m.room)).map(cleanMessage),
  }),
  rooms: (f) => ({ ...f, rooms: f.rooms.filter(isRoom) }),
};

// The frame, or null for whatever a later server may send that this client does not know.
export function decode(text) {
  if (!isText(text)) return null;
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(frame) || !Object.hasOwn(shapes, frame.type) || !shapes[frame.type](frame)) return null;
  return Object.hasOwn(insides, frame.type) ? insides[frame.type](frame) : frame;
}

// Two people cannot hold names with the same key at the same time.
export function nameKey(name) {
  return name.trim().normalize('NFKC').toLowerCase();
}

export function cleanName(name) {
  return name.normalize('NFC').trim();
}

export function cleanRoom(room) {
  return room.normalize('NFC').trim().replace(/^#+/, '').toLowerCase() || DEFAULT_ROOM;
}

// What is wrong with a name or room: a key into strings.js, or null.
export function nameFault(name) {
  const clean = cleanName(name);
  if (!clean) return 'nameEmpty';
  if ([...segmenter.segment(clean)].length > NAME_CHARACTERS || bytes(clean) > NAME_BYTES) return 'nameLong';
  if (/[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(clean))
    return 'nameCharacters';
  return null;
}

export function roomFault(room) {
  const clean = cleanRoom(room);
  if ([...clean].length > ROOM_CHARACTERS) return 'roomLong';
  return /^[\p{L}\p{M}\p{N}._-]+$/u.test(clean) ? null : 'roomCharacters';
}

// What the end of a connection means. cause names the text to show; a final end is not retried.
const ends = new Map([
  [1001, { cause: 'restart' }],
  [1012, { cause: 'restart' }],
  [1013, { cause: 'busy' }],
  [4429, { cause: 'busy' }],
  [1002, { cause: 'refused', final: true }],
  [1003, { cause: 'refused', final: true }],
  [1007, { cause: 'refused', final: true }],
  [1009, { cause: 'refused', final: true }],
  [4400, { cause: 'invalid', final: true }],
  [4401, { cause: 'unauthorized', final: true }],
  [4403, { cause: 'removed', final: true }],
  [4408, { cause: 'refused', final: true }],
  [4409, { cause: 'taken', final: true }],
  [4410, { cause: 'replaced', final: true }],
]);

export function meaningOfClose(code) {
  return { final: false, cause: 'lost', ...ends.get(code) };
}
