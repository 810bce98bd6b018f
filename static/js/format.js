// How things look in words and colours: times, days, initials, hues, links. Pure.

const segmenter = new Intl.Segmenter();

export function graphemes(text) {
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

// Up to two: of the first and the last word, or one if there is only one word.
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const first = graphemes(words[0] ?? name)[0] ?? '?';
  const last = words.length > 1 ? graphemes(words.at(-1))[0] : '';
  return (first + last).toLocaleUpperCase();
}

// FNV-1a, 32 bits, over the UTF-8 of the name as the server compares it: one person, one colour.
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name.normalize('NFKC').toLowerCase()))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % 360;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const longDate = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const longDateYear = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

const when = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const shortMoment = (ts) => when.format(ts);
export const time = (ts) => clock.format(ts);
export const fullTime = (ts) => moment.format(ts);

export function startOfDay(ts) {
  return new Date(ts).setHours(0, 0, 0, 0);
}

export function nextMidnight(ts) {
  return new Date(ts).setHours(24, 0, 0, 0);
}

export function dayName(ts, now, { today, yesterday }) {
  const day = startOfDay(ts);
  if (day === startOfDay(now)) return today;
  if (day === startOfDay(startOfDay(now) - 1)) return yesterday;
  const sameYear = new Date(ts).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? longDate : longDateYear).format(ts);
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
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) return null;
  const isGood = url.protocol === 'mailto:' ? url.pathname.includes('@') : url.hostname !== '';
  return isGood ? url.href : null;
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
