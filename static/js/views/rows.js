// From what is known to what is seen: layout() groups messages, folds notices, puts in days and the unread line;
// createBuilders() makes the element of each row.
import { avatar, button, h, icon, iconButton } from '../dom.js';
import { dayName, fullTime, hue, linkify, startOfDay, time } from '../format.js';
import { nameKey } from '../protocol.js';
import { mentions } from '../store.js';
import { strings } from '../strings.js';

const GROUP_MS = 5 * 60_000;
const QUOTE_MAX = 160;

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

// Who came, who went, who did both in this order.
export function foldNotices(items) {
  const people = new Map();
  for (const { kind, username } of items) {
    const person = people.get(nameKey(username)) ?? { username, was: kind };
    people.set(nameKey(username), { ...person, is: kind });
  }
  const fold = { joined: [], left: [], back: [] };
  for (const { username, was, is } of people.values()) {
    if (was === 'leave' && is === 'join') fold.back.push(username);
    else {
      if (was === 'join') fold.joined.push(username);
      if (is === 'leave') fold.left.push(username);
    }
  }
  return fold;
}

function noticeRow(items, open) {
  const { key } = items[0];
  if (items.length === 1) return { kind: 'notice', key, sig: [1], items };
  const isOpen = open.has(key);
  return { kind: 'fold', key, sig: [items.length, isOpen], items, isOpen };
}

// Its message seems to be in the log already: only the ack is missing.
function isEchoed(entry, mine) {
  if (entry.state === 'failed') return false;
  if (entry.id) return mine.some((item) => item.id === entry.id);
  return entry.wasSent && mine.some((item) => item.seq > entry.after && item.key === item.id && item.body === entry.body);
}

// Each row is {key, sig, kind, ...}; while all of sig is the same, its element can stay. line: key of the first
// unread item; open: keys of the folds that are shown whole; notices: 'fold', 'show' or 'hide'.
export function layout({ items, outbox = [], me = '', line, open = new Set(), notices = 'fold', find = () => {}, now, words }) {
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
    rows.push({ kind: 'day', key: `day ${day}`, sig: [label], label, day });
  };
  const addNotice = (item) => {
    if (notices === 'hide' && !item.mine) return;
    startDay(item.ts);
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
    const { kind, key } = item;
    if (kind === 'join' || kind === 'leave') {
      addNotice(item);
      return;
    }
    startDay(item.ts);
    flush();
    if (key === line) {
      previous = null;
      rows.push({ kind: 'line', key: 'line', sig: [] });
    }
    if (kind === 'message') addMessage(item);
    else rows.push({ kind, key, sig: [item], item });
    previous = item;
  };

  items.forEach(add);
  const mine = outbox.length ? items.filter((item) => item.mine && item.kind === 'message') : [];
  for (const entry of outbox)
    if (!isEchoed(entry, mine)) add({ ...entry, key: entry.cid, kind: 'message', username: me, mine: true, entry });
  flush();
  return rows;
}

export const namesIn = (parts) => parts.map((part) => (part.name === undefined ? part : h('bdi', {}, part.name)));

// As it is copied.
export const lineOf = ({ ts, username, body, deleted }) => `[${time(ts)}] ${username}: ${deleted ? strings.deleted : body}`;

const bodyOf = (text) =>
  linkify(text).map((part) =>
    part.href
      ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' }, part.text)
      : part.text,
  );

// Marks upon marks would reach into other messages. A clip costs something for each bubble that has one.
const tower = /\p{M}{4}/u;

const timeOf = (ts, attributes) =>
  h('time', { ...attributes, datetime: new Date(ts).toISOString(), title: fullTime(ts) }, time(ts));

const sentence = ({ kind, username, mine }) =>
  namesIn(mine && kind === 'join' ? strings.youJoined : strings[kind === 'join' ? 'joined' : 'left']([username]));

const stateText = ({ state, reason }) => (state === 'failed' ? strings.failed(reason) : (strings[state] ?? ''));

// on: act, react, jump, toggle, load; and retry, remove, change for what was not sent. me: whose reactions are ours.
export function createBuilders({ on, me }) {
  function quote({ item, quoted }) {
    if (item.reply_to === undefined || item.deleted) return null;
    const text = (body) => h('span', { dir: 'auto' }, body);
    const content = quoted
      ? [
          h('span', { class: 'sr-only' }, strings.inReplyTo),
          h('strong', { dir: 'auto' }, quoted.mine ? strings.you : quoted.username),
          ' ',
          text(quoted.deleted ? strings.deleted : quoted.body.slice(0, QUOTE_MAX)),
        ]
      : [text(strings.replyToUnknown)];
    return button(
      { class: 'quote', 'data-focus': 'quote', onclick: () => on.jump(item.reply_to) },
      icon('reply'),
      ...content,
    );
  }

  function chip(item, emoji, names) {
    const isOn = names.includes(me());
    const label = strings.reaction(emoji, names, me());
    return button(
      {
        class: 'chip',
        'data-focus': emoji,
        'aria-pressed': String(isOn),
        'aria-label': label,
        title: label,
        onclick: () => on.react(item, emoji, !isOn),
      },
      h('span', { class: 'emoji', 'aria-hidden': 'true' }, emoji),
      h('span', { 'aria-hidden': 'true' }, String(names.length)),
    );
  }

  function reactions(item) {
    const all = Object.entries(item.reactions ?? {});
    if (!all.length || item.deleted) return null;
    return h(
      'div',
      { class: 'reactions' },
      ...all.map(([emoji, names]) => chip(item, emoji, names)),
      iconButton('react', strings.addReaction, {
        class: 'chip add',
        'data-focus': 'add',
        tabindex: '-1',
        onclick: (event) => on.act('react', item, event.currentTarget),
      }),
    );
  }

  const editedMark = (item) =>
    item.edited && !item.deleted
      ? button({ class: 'edited', 'data-focus': 'edited', tabindex: '-1', onclick: () => on.act('showEdits', item) }, strings.edited)
      : null;

  function failure({ key, item }) {
    if (item.state !== 'failed') return null;
    return h(
      'div',
      { class: 'actions' },
      button({ onclick: () => on.retry(key) }, strings.retry),
      button({ onclick: () => on.change(item.entry) }, strings.edit),
      button({ onclick: () => on.remove(key) }, strings.remove),
    );
  }

  function message(row) {
    const { key, item, first, isForMe } = row;
    const { username, mine, ts } = item;
    const state = item.state === 'acked' ? 'sent' : (item.state ?? 'sent');
    const id = (part) => `${key}-${part}`;
    const classes = ['message', mine ? 'mine' : 'theirs', first && 'first', item.deleted && 'deleted', isForMe && 'for-me'];
    const author = h('span', { class: 'author', id: id('author'), dir: 'auto' }, mine ? strings.you : username);
    if (!mine) author.style.setProperty('--hue', hue(username));
    return h(
      'li',
      { class: classes.filter(Boolean).join(' '), 'data-state': state, 'data-key': key },
      first ? avatar(username) : null,
      h(
        'article',
        { tabindex: '-1', 'aria-labelledby': ['author', 'body', 'state', 'time'].map(id).join(' ') },
        h('header', { class: `byline${first ? '' : ' sr-only'}` }, author, ' ', timeOf(ts, { id: id('time') })),
        quote(row),
        h(
          'div',
          { class: `bubble${tower.test(item.body) ? ' towering' : ''}`, title: first ? null : fullTime(ts) },
          h('div', { id: id('body'), dir: 'auto' }, ...(item.deleted ? [strings.deleted] : bodyOf(item.body))),
        ),
        h('p', { class: 'state', id: id('state') }, editedMark(item) ?? stateText({ ...item, state })),
        reactions(item),
        failure(row),
      ),
    );
  }

  function fold({ key, items, isOpen }) {
    const { joined, left, back } = foldNotices(items);
    const summary = [
      [joined, 'joined'],
      [left, 'left'],
      [back, 'cameBack'],
    ]
      .filter(([names]) => names.length)
      .flatMap(([names, verb], i) => [...(i ? [' · '] : []), ...namesIn(strings[verb](names))]);
    const lines = () =>
      h('ol', {}, ...items.map((item) => h('li', {}, h('span', {}, ...sentence(item)), ' ', timeOf(item.ts))));
    return h(
      'li',
      { class: 'notice' },
      button(
        { 'aria-expanded': String(isOpen), onclick: () => on.toggle(key) },
        h('span', {}, ...summary),
        icon('chevron'),
      ),
      isOpen ? lines() : null,
    );
  }

  const gap = (text, ...more) => h('li', { class: 'gap' }, icon('gap'), h('p', {}, text), ...more);

  return {
    message,
    fold,
    notice: ({ items: [item] }) => h('li', { class: 'notice' }, h('p', { title: fullTime(item.ts) }, ...sentence(item))),
    day: ({ label, day }) =>
      h('li', { class: 'day' }, h('h2', {}, label), iconButton('copy', strings.copyDay, { onclick: () => on.act('copyDay', day) })),
    line: () => h('li', { class: 'line', id: 'line' }, h('span', {}, strings.newMessages)),
    gap: () => gap(strings.gap),
    hole: ({ item }) => gap(strings.hole, button({ onclick: () => on.load(item) }, strings.load)),
  };
}
