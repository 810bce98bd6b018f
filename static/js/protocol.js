// The wire, version 1 (docs/protocol.md): encode, decode, validate. Pure: no page, no socket.

export const SUBPROTOCOL = 'chat';
export const DEFAULT_ROOM = 'lobby';

// The server's own defaults. It has the last word; these only spare a person the round trip.
const NAME_CHARACTERS = 32;
const NAME_BYTES = 128;
const ROOM_CHARACTERS = 64;
const FRAME_BYTES = 64 * 1024;

const utf8 = new TextEncoder();
const segmenter = new Intl.Segmenter();

const bytes = (text) => utf8.encode(text).length;

// page is the address of the page, so that a path prefix of a reverse proxy is kept.
export function socketUrl(page, { name, room }) {
  const url = new URL('ws', page);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  const fields = room === DEFAULT_ROOM ? { username: name } : { username: name, room };
  url.search = Object.entries(fields)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&');
  return url.href;
}

export function encodeMessage(body) {
  return JSON.stringify({ type: 'message', body });
}

export function isTooLong(body) {
  return bytes(encodeMessage(body)) > FRAME_BYTES;
}

const DATE_MAX = 8.64e15; // what a Date can hold
const isText = (value) => typeof value === 'string';
const isTime = (value) => typeof value === 'number' && Math.abs(value) <= DATE_MAX;

const shapes = {
  message: (f) => isText(f.id) && isText(f.username) && isText(f.body) && isTime(f.ts),
  join: (f) => isText(f.username),
  leave: (f) => isText(f.username),
  users: (f) => Array.isArray(f.users) && f.users.every(isText),
  error: (f) => isText(f.error),
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
  if (frame === null || typeof frame !== 'object' || !Object.hasOwn(shapes, frame.type)) return null;
  return shapes[frame.type](frame) ? frame : null;
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
  [4401, { cause: 'refused', final: true }],
  [4403, { cause: 'refused', final: true }],
  [4408, { cause: 'refused', final: true }],
  [4409, { cause: 'taken', final: true }],
  [4410, { cause: 'replaced', final: true }],
]);

export function meaningOfClose(code) {
  return { final: false, cause: 'lost', ...ends.get(code) };
}
