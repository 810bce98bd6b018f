// All that a person reads at once.
import { bytes, cleanName, cleanRoom, nameKey, utf8 } from './hubbub.js';

const NAMES_MAX = 8; // in a sentence

const plural = new Intl.PluralRules('en');
export const count = (n, one, other) => `${n} ${plural.select(n) === 'one' ? one : other}`;
const list = new Intl.ListFormat('en', { type: 'unit' });
const and = new Intl.ListFormat('en');

const others = (n) => count(n, 'other', 'others');
const people = (names) =>
  list.formatToParts(names.length > NAMES_MAX ? [...names.slice(0, NAMES_MAX), others(names.length - NAMES_MAX)] : names).map(({ type, value }) => (type === 'element' ? { name: value } : value));
const everybody = (names, me) => and.format(names.map((name) => (nameKey(name) === nameKey(me) ? 'you' : name)));

const newMessages = (n) => count(n, 'new message', 'new messages');

export const strings = {
  app: 'hubbub',
  today: 'Today',
  yesterday: 'Yesterday',
  you: 'You',
  youMark: '(you)',
  themes: { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },

  nameEmpty: 'Please choose a name.',
  nameLong: 'This name is too long: 32 characters at most.',
  nameCharacters: 'This name has characters that cannot be seen.',
  roomLong: 'This room name is too long: 64 characters at most.',
  roomCharacters: 'A room name has letters, digits and . _ - only.',
  unreachable: 'The server cannot be reached. Please try again.',
  notLoaded: 'This could not be loaded: the server cannot be reached.',
  tryAgain: 'Try again',
  noSupport: 'The connection was refused.',

  connecting: 'Connecting…',
  joinRoom: (room) => ['Join ', { name: `#${room}` }],
  backOnline: 'Back online',
  lost: 'Connection lost.',
  restart: 'The server is restarting.',
  busy: 'The server has asked us to wait.',
  taken: 'Your last session is still closing.',
  offline: 'You are offline. Messages will be sent when you are back.',
  retryIn: (seconds) => ` Trying again in ${seconds} s.`,
  retrying: ' Trying again…',
  tryNow: 'Try now',
  waiting: (n) => ` ${count(n, 'message is', 'messages are')} waiting.`,
  newVersion: 'There is a new version of this page.',
  reload: 'Reload',

  messagesIn: (room) => `Messages in ${room}`,
  messageTo: (room) => `Message ${room}`,
  peopleWord: (n) => (plural.select(n) === 'one' ? 'person' : 'people'),
  andMore: (n) => `and ${n} more`,
  title: (unread, room) => `${unread ? `(${unread}) ` : ''}#${room} · hubbub`,
  roomLabel: (room, unread, isMentioned) =>
    [room, unread && `${unread} unread`, isMentioned && 'mentioned'].filter(Boolean).join(', '),
  mention: (name) => `Mention ${name}`,

  emptyTitle: (room) => ['Welcome to ', { name: `#${room}` }],

  joined: (names) => [...people(names), ' joined'],
  left: (names) => [...people(names), ' left'],
  youJoined: ['You joined'],
  gap: 'The server no longer has what was said before this. Some messages may be missing here.',
  hole: 'Some messages may be missing here.',
  load: 'Load',
  newMessages: 'New messages',
  unread: newMessages,
  unreadAbove: (n) => `${n} unread`,
  latest: 'Latest',
  deleted: 'Message deleted',
  edited: 'edited',
  inReplyTo: 'In reply to ',
  replyToUnknown: 'In reply to an earlier message',
  reaction: (emoji, names, me) => `${emoji} ${names.length}, ${everybody(names, me)}`,
  addReaction: 'Add a reaction',
  typing(names) {
    const [one, two] = names.map((name) => ({ name }));
    const more = names.length - 2;
    if (!one) return [];
    if (!two) return [one, ' is typing…'];
    return more ? [one, ', ', two, ` and ${others(more)} are typing…`] : [one, ' and ', two, ' are typing…'];
  },

  queued: 'Queued',
  sending: 'Sending…',
  failed: (reason) => `Not sent: ${reason}`,
  didNotWork: (reason) => `That did not work: ${reason}`,
  tooLong: 'This message is too long.',
  full: 'Too many messages are waiting. Please wait until you are connected again.',
  retry: 'Retry',
  edit: 'Edit',
  remove: 'Delete',
  editing: ['Editing'],
  replying: (name) => ['Replying to ', { name }],
  escCancels: '· Esc cancels',

  spoken: (name, body, room) => `${name}${room ? ` in ${room}` : ''}: ${body}`,
  spokenMany: (n, room) => `${newMessages(n)} in ${room}`,
};

const segmenter = new Intl.Segmenter();
const graphemes = (text) => Array.from(segmenter.segment(text), (part) => part.segment);

export function nameFault(name) {
  const clean = cleanName(name);
  if (!clean) return strings.nameEmpty;
  if (graphemes(clean).length > 32 || bytes(clean) > 128) return strings.nameLong;
  const odd = /[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;
  return odd.test(clean) ? strings.nameCharacters : '';
}

export function roomFault(room) {
  const clean = cleanRoom(room);
  if ([...clean].length > 64) return strings.roomLong;
  return /^[\p{L}\p{M}\p{N}._-]+$/u.test(clean) ? '' : strings.roomCharacters;
}

export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const first = graphemes(words[0] ?? name)[0] ?? '?';
  const last = words.length > 1 ? graphemes(words.at(-1))[0] : '';
  return (first + last).toLocaleUpperCase();
}

// FNV-1a of the name: one person, one colour.
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const byte of utf8.encode(nameKey(name))) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % 360;
}

export function format(options) {
  const made = new Intl.DateTimeFormat(undefined, options);
  return (ts) => made.format(ts);
}
export const time = format({ timeStyle: 'short' });
export const fullTime = format({ dateStyle: 'full', timeStyle: 'medium' });
const date = format({ weekday: 'long', day: 'numeric', month: 'long' });
const dateAndYear = format({ dateStyle: 'full' });

export const startOfDay = (ts) => new Date(ts).setHours(0, 0, 0, 0);
export const nextMidnight = (ts) => new Date(ts).setHours(24, 0, 0, 0);

export function dayName(ts, now) {
  const day = startOfDay(ts);
  if (day === startOfDay(now)) return strings.today;
  if (day === startOfDay(startOfDay(now) - 1)) return strings.yesterday;
  const sameYear = new Date(ts).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? date : dateAndYear)(ts);
}

const linkStart = /(?:https?:\/\/|mailto:)[^\s<>"]+/giu;
const pairs = { ')': '(', ']': '[', '}': '{' };
const occurrences = (text, character) => text.split(character).length - 1;

// A bracket opened in the link is its own.
function trimLink(text) {
  for (;;) {
    const last = text.at(-1);
    const opening = pairs[last];
    if (opening ? occurrences(text, last) > occurrences(text, opening) : /[.,:;!?'"*_~’”»…]/u.test(last))
      text = text.slice(0, -1);
    else return text;
  }
}

function parseLink(text) {
  if (!URL.canParse(text)) return null;
  const { protocol, pathname, hostname, href } = new URL(text);
  return (protocol === 'mailto:' ? pathname.includes('@') : hostname) ? href : null;
}

// [{text}, {text, href}, ...]
export function linkify(body) {
  const parts = [];
  let end = 0;
  for (const match of body.matchAll(linkStart)) {
    const before = body.slice(0, match.index);
    if (match.index < end || /[\p{L}\p{N}]$/u.test(before)) continue;
    const text = trimLink(match[0]);
    const href = parseLink(text);
    if (!href) continue;
    if (match.index > end) parts.push({ text: body.slice(end, match.index) });
    parts.push({ text, href });
    end = match.index + text.length;
  }
  if (end < body.length) parts.push({ text: body.slice(end) });
  return parts;
}
