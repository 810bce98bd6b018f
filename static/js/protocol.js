// The wire, version 2 (docs/protocol.md): what comes is checked here, to the last field; what a name is. Pure.

export const SUBPROTOCOL = 'chat.v2';
export const DEFAULT_ROOM = 'lobby';

// Relative to the page or server, so that a path prefix of a reverse proxy is kept.
export const socketUrl = (base) => new URL('ws', base).href.replace(/^http/, 'ws');

// (crypto.randomUUID is missing where the page came over plain http.)
export function newCid() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Two people cannot hold names with the same key at the same time.
export const nameKey = (name) => name.trim().normalize('NFKC').toLowerCase();
export const cleanName = (name) => name.normalize('NFC').trim();
export const cleanRoom = (room) => cleanName(room).replace(/^#+/, '').toLowerCase() || DEFAULT_ROOM;

const DATE_MAX = 8.64e15; // what a Date can hold
const isText = (value) => typeof value === 'string';
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isTime = (value) => typeof value === 'number' && Math.abs(value) <= DATE_MAX;
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isObject = (value) => value !== null && typeof value === 'object';

// What is not text.
const is = {
  seq: isCount,
  count: isCount,
  members: isCount,
  ts: isTime,
  edited: isTime,
  on: (value) => typeof value === 'boolean',
  version: (value) => value === 2,
  users: isTexts,
  events: Array.isArray,
  messages: Array.isArray,
  rooms: Array.isArray,
};
// names: of all that a frame must have, and, with a question mark, of what must be right if it is there.
const has = (frame, names) =>
  isObject(frame) &&
  names.split(' ').every((each) => {
    const [name] = each.split('?');
    return (is[name] ?? isText)(frame[name]) || (name !== each && frame[name] === undefined);
  });

const message = 'id seq username ts body reply_to? edited?';
const durable = {
  message,
  edit: 'id seq username ts body',
  delete: 'id seq username ts',
  react: 'id seq username ts emoji on',
};
const presence = 'room username ts? count?';
const needs = {
  hello: 'version build?',
  joined: 'room username epoch seq events users count?',
  left: 'room',
  ack: 'id seq ts',
  join: presence,
  leave: presence,
  typing: presence,
  history: 'room messages',
  search: 'messages',
  users: 'room users count?',
  rooms: 'rooms',
  error: 'error',
  bye: 'reason?',
  pong: 'cid?',
};

export const isDurableType = (type) => Object.hasOwn(durable, type);

const isEvent = (e) => isDurableType(e?.type) && has(e, durable[e.type]);
const isFrame = (f) => (isEvent(f) ? isText(f.room) : Object.hasOwn(needs, f.type) && has(f, needs[f.type]));

function cleanReactions(reactions) {
  if (!isObject(reactions)) return {};
  return Object.fromEntries(Object.entries(reactions).filter(([, names]) => isTexts(names) && names.length));
}

const clean = (m) => ({ ...m, type: 'message', reactions: cleanReactions(m.reactions) });

// One odd entry in a list does not cost the rest.
const insides = {
  message: (f) => (f.reactions === undefined ? {} : clean(f)),
  joined: (f) => ({ events: f.events.filter(isEvent).map((e) => (e.type === 'message' ? clean(e) : e)) }),
  history: (f) => ({ messages: f.messages.filter((m) => has(m, message)).map(clean) }),
  search: (f) => ({ messages: f.messages.filter((m) => has(m, `room ${message}`)).map(clean) }),
  rooms: (f) => ({ rooms: f.rooms.filter((room) => has(room, 'name topic? members?')) }),
};

// Null for what is not understood, as all that a later server may send.
export function decode(text) {
  if (!isText(text)) return null;
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  return isObject(frame) && isFrame(frame) ? { ...frame, ...insides[frame.type]?.(frame) } : null;
}

// What the end of a connection means. cause names the text to show; a final end is not retried.
const causes = {
  1001: 'restart',
  1012: 'restart',
  1013: 'busy',
  4429: 'busy',
  1002: 'refused',
  1003: 'refused',
  1007: 'refused',
  1009: 'refused',
  4400: 'invalid',
  4401: 'unauthorized',
  4403: 'removed',
  4408: 'refused',
  4409: 'taken',
  4410: 'replaced',
};

export function meaningOfClose(code) {
  const cause = causes[code] ?? 'lost';
  return { cause, final: !['restart', 'busy', 'lost'].includes(cause) };
}
