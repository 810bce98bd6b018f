// Makes the element of each kind of row.
import { avatar, h, icon, iconButton } from '../dom.js';
import { fullTime, hue, linkify, time } from '../format.js';
import { foldNotices } from '../rows.js';
import { strings } from '../strings.js';

const QUOTE_MAX = 160;

const phrase = (parts) => parts.map((part) => (part.name === undefined ? part : h('bdi', {}, part.name)));
export const namesIn = phrase;

function bodyOf(text) {
  return linkify(text).map((part) =>
    part.href
      ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' }, part.text)
      : part.text,
  );
}

function timeOf(ts, attributes = {}) {
  return h('time', { ...attributes, datetime: new Date(ts).toISOString(), title: fullTime(ts) }, time(ts));
}

const sentence = ({ kind, username, mine }) =>
  phrase(mine && kind === 'join' ? strings.youJoined : strings[kind === 'join' ? 'joined' : 'left']([username]));

// on: what can be done to a message or fold: retry, remove, change (of one that was not sent), react,
// jump, showEdits, toggle, load. me: whose reactions are ours.
export function createBuilders({ on, me }) {
  function failure({ state, key, item }) {
    if (state !== 'failed') return null;
    return h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', onclick: () => on.retry(key) }, strings.retry),
      h('button', { type: 'button', onclick: () => on.change(item.entry) }, strings.edit),
      h('button', { type: 'button', onclick: () => on.remove(key) }, strings.remove),
    );
  }

  function nameOf(author, { id, username, mine }) {
    const element = h('span', { class: 'author', id, dir: 'auto' }, author);
    if (!mine) element.style.setProperty('--hue', hue(username));
    return element;
  }

  function quote({ item, quoted }) {
    if (item.reply_to === undefined || item.deleted) return null;
    const text = quoted?.deleted ? strings.deleted : quoted?.body;
    const author = quoted && (quoted.mine ? strings.you : quoted.username);
    const element = h(
      'button',
      {
        type: 'button',
        class: 'quote',
        'data-focus': 'quote',
        onclick: () => on.jump(item.reply_to),
      },
      icon('reply'),
      quoted ? h('span', { class: 'sr-only' }, strings.inReplyTo) : null,
      quoted ? h('strong', { dir: 'auto' }, author) : null,
      ' ',
      h('span', { dir: 'auto' }, quoted ? text.slice(0, QUOTE_MAX) : strings.replyToUnknown),
    );
    if (quoted) element.style.setProperty('--hue', hue(quoted.username));
    return element;
  }

  function reactions(item) {
    const all = Object.entries(item.reactions ?? {});
    if (!all.length || item.deleted) return null;
    return h(
      'div',
      { class: 'reactions' },
      ...all.map(([emoji, names]) => {
        const isOn = names.includes(me());
        const label = strings.reaction(emoji, names, me());
        return h(
          'button',
          {
            type: 'button',
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
      }),
      iconButton('react', strings.addReaction, {
        class: 'chip add',
        'data-focus': 'add',
        tabindex: '-1',
        onclick: (event) => on.pick(item, event.currentTarget),
      }),
    );
  }

  const stateText = ({ state, reason }) => (state === 'failed' ? strings.failed(reason) : (strings[state] ?? ''));

  function editedMark(item) {
    if (!item.edited || item.deleted) return null;
    return h(
      'button',
      { type: 'button', class: 'edited', 'data-focus': 'edited', tabindex: '-1', onclick: () => on.showEdits(item) },
      strings.edited,
    );
  }

  function message(row) {
    const { key, item, first, isForMe } = row;
    const { username, mine, ts } = item;
    const state = item.state === 'acked' ? 'sent' : (item.state ?? 'sent');
    const id = (part) => `${key}-${part}`;
    const classes = ['message', mine ? 'mine' : 'theirs', first && 'first', item.deleted && 'deleted', isForMe && 'for-me'];
    return h(
      'li',
      { class: classes.filter(Boolean).join(' '), 'data-state': state, 'data-key': key },
      first ? avatar(username) : null,
      h(
        'article',
        { tabindex: '-1', 'aria-labelledby': ['author', 'body', 'state', 'time'].map(id).join(' ') },
        h(
          'header',
          { class: `byline${first ? '' : ' sr-only'}` },
          nameOf(mine ? strings.you : username, { id: id('author'), username, mine }),
          ' ',
          timeOf(ts, { id: id('time') }),
        ),
        quote(row),
        h(
          'div',
          { class: 'bubble', title: first ? null : fullTime(ts) },
          h('div', { id: id('body'), dir: 'auto' }, ...(item.deleted ? [strings.deleted] : bodyOf(item.body))),
        ),
        h('p', { class: 'state', id: id('state') }, editedMark(item) ?? stateText({ ...item, state })),
        reactions(item),
        failure({ state, key, item }),
      ),
    );
  }

  function notice({ items: [item] }) {
    return h('li', { class: 'notice' }, h('p', { title: fullTime(item.ts) }, ...sentence(item)));
  }

  function fold({ key, items, isOpen }) {
    const { joined, left, back } = foldNotices(items);
    const summary = [
      [joined, 'joined'],
      [left, 'left'],
      [back, 'cameBack'],
    ]
      .filter(([names]) => names.length)
      .flatMap(([names, verb], i) => [...(i ? [' · '] : []), ...phrase(strings[verb](names))]);
    const lines = () =>
      h('ol', {}, ...items.map((item) => h('li', {}, h('span', {}, ...sentence(item)), ' ', timeOf(item.ts))));
    return h(
      'li',
      { class: 'notice' },
      h(
        'button',
        { type: 'button', 'aria-expanded': String(isOpen), onclick: () => on.toggle(key) },
        h('span', {}, ...summary),
        icon('chevron'),
      ),
      isOpen ? lines() : null,
    );
  }

  return {
    message,
    notice,
    fold,
    day: ({ label }) => h('li', { class: 'day' }, h('h2', {}, label)),
    line: () => h('li', { class: 'line', id: 'line' }, h('span', {}, strings.newMessages)),
    gap: () => h('li', { class: 'gap' }, icon('gap'), h('p', {}, strings.gap)),
    hole: ({ item }) =>
      h(
        'li',
        { class: 'gap' },
        icon('gap'),
        h('p', {}, strings.hole),
        h('button', { type: 'button', onclick: () => on.load(item) }, strings.load),
      ),
  };
}
