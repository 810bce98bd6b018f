// How things look in words and colours: times, days, initials, hues, links. Pure.

import { graphemes, utf8 } from './protocol.js';

// Up to two: of the first and the last word, or one if there is only one word.
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const first = graphemes(words[0] ?? name)[0] ?? '?';
  const last = words.length > 1 ? graphemes(words.at(-1))[0] : '';
  return (first + last).toLocaleUpperCase();
}

// FNV-1a, 32 bits, of the name as the server compares it: one person, one colour.
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const byte of utf8.encode(name.normalize('NFKC').toLowerCase()))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % 360;
}

export function format(options) {
  const made = new Intl.DateTimeFormat(undefined, options);
  return (ts) => made.format(ts);
}
export const time = format({ timeStyle: 'short' });
export const fullTime = format({ dateStyle: 'full', timeStyle: 'medium' });
const longDate = format({ weekday: 'long', day: 'numeric', month: 'long' });
const longDateYear = format({ dateStyle: 'full' });

export const startOfDay = (ts) => new Date(ts).setHours(0, 0, 0, 0);
export const nextMidnight = (ts) => new Date(ts).setHours(24, 0, 0, 0);

export function dayName(ts, now, { today, yesterday }) {
  const day = startOfDay(ts);
  if (day === startOfDay(now)) return today;
  if (day === startOfDay(startOfDay(now) - 1)) return yesterday;
  const sameYear = new Date(ts).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? longDate : longDateYear)(ts);
}

const linkStart = /(?:https?:\/\/|mailto:)[^\s<>"]+/giu;
const pairs = { ')': '(', ']': '[', '}': '{' };
const count = (text, character) => text.split(character).length - 1;

// Drops the punctuation that ends the sentence, but keeps a bracket that was opened in the link.
function trimLink(text) {
  for (;;) {
    const last = text.at(-1);
    const opening = pairs[last];
    if (opening ? count(text, last) > count(text, opening) : /[.,:;!?'"*_~’”»…]/u.test(last))
      text = text.slice(0, -1);
    else return text;
  }
}

function parseLink(text) {
  if (!URL.canParse(text)) return null;
  const { protocol, pathname, hostname, href } = new URL(text);
  return (protocol === 'mailto:' ? pathname.includes('@') : hostname) ? href : null;
}

// [{text}, {text, href}, ...] whose texts put together are the body again.
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
