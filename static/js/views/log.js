// The messages, and where in them one is. The view moves only by the reader's hand: at the end it
// stays at the end, anywhere else the first row in sight stays where it is.
import { avatar, byId, h, icon, reconcile } from '../dom.js';
import { fullTime, hue, linkify, time } from '../format.js';
import { foldNotices, layout } from '../rows.js';
import { strings } from '../strings.js';

const WINDOW = 200; // items in the page at the end; more as one reads up
const STEP = 100;
const END_PX = 24;
const AHEAD_SCREENS = 1.5;

export function createLog({ onRetry, onRemove, onEdit, onSeen, onScroll }) {
  const scroller = byId('log');
  const list = byId('rows');
  const empty = byId('empty');
  const pill = byId('pill');
  const open = new Set();
  let state = null;
  let outbox = [];
  let from = 0; // number of the first item in the page
  let stick = true;
  let lastTop = 0;

  const distance = () => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;

  // --- rows ---

  function body(text) {
    return linkify(text).map((part) =>
      part.href
        ? h(
            'a',
            { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' },
            part.text,
          )
        : part.text,
    );
  }

  function actions({ key, state: sending }) {
    if (sending !== 'failed' && sending !== 'unsure') return null;
    return h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', onclick: () => onRetry(key) }, strings.retry),
      h('button', { type: 'button', onclick: () => onEdit(key) }, strings.edit),
      h('button', { type: 'button', onclick: () => onRemove(key) }, strings.remove),
    );
  }

  function sendingText({ state: sending, reason }) {
    return sending === 'sent' ? '' : sending === 'failed' ? strings.failed(reason) : strings[sending];
  }

  function messageRow(row) {
    const { key, username, mine, first, state: sending, ts } = row;
    const author = mine ? strings.you : username;
    const quiet = first ? '' : ' sr-only';
    const id = (part) => `${key}-${part}`;
    return h(
      'li',
      { class: `message ${mine ? 'mine' : 'theirs'}${first ? ' first' : ''}`, 'data-state': sending },
      first ? avatar(username) : null,
      h(
        'article',
        { tabindex: '-1', 'aria-labelledby': ['author', 'body', 'state', 'time'].map(id).join(' ') },
        h(
          'header',
          { class: `byline${quiet}` },
          nameOf(author, { id: id('author'), username, mine }),
          ' ',
          h('time', { id: id('time'), datetime: new Date(ts).toISOString(), title: fullTime(ts) }, time(ts)),
        ),
        h(
          'div',
          { class: 'bubble', title: first ? null : fullTime(ts) },
          h('div', { id: id('body'), dir: 'auto' }, ...body(row.body)),
        ),
        h('p', { class: 'state', id: id('state') }, sendingText(row)),
        actions(row),
      ),
    );
  }

  function nameOf(author, { id, username, mine }) {
    const element = h('span', { class: 'author', id, dir: 'auto' }, author);
    if (!mine) element.style.setProperty('--hue', hue(username));
    return element;
  }

  const phrase = (parts) => parts.map((part) => (part.name === undefined ? part : h('bdi', {}, part.name)));

  const sentence = ({ kind, username, mine }) =>
    phrase(
      mine && kind === 'join' ? strings.youJoined : strings[kind === 'join' ? 'joined' : 'left']([username]),
    );

  function noticeRow({ items: [item] }) {
    return h('li', { class: 'notice' }, h('p', { title: fullTime(item.ts) }, ...sentence(item)));
  }

  function foldRow({ key, items, isOpen }) {
    const { joined, left, back } = foldNotices(items);
    const summary = [
      [joined, 'joined'],
      [left, 'left'],
      [back, 'cameBack'],
    ]
      .filter(([names]) => names.length)
      .flatMap(([names, verb], i) => [...(i ? [' · '] : []), ...phrase(strings[verb](names))]);
    const toggle = () => {
      if (!open.delete(key)) open.add(key);
      onScroll();
    };
    return h(
      'li',
      { class: 'notice' },
      h(
        'button',
        { type: 'button', 'aria-expanded': String(isOpen), onclick: toggle },
        h('span', {}, ...summary),
        icon('chevron'),
      ),
      isOpen
        ? h(
            'ol',
            {},
            ...items.map((item) =>
              h('li', {}, h('span', {}, ...sentence(item)), ' ', h('time', {}, time(item.ts))),
            ),
          )
        : null,
    );
  }

  const builders = {
    message: messageRow,
    notice: noticeRow,
    fold: foldRow,
    day: ({ label }) => h('li', { class: 'day' }, h('h2', {}, label)),
    line: () => h('li', { class: 'line', id: 'line' }, h('span', {}, strings.newMessages)),
    gap: ({ from: lost, ts }) =>
      h('li', { class: 'gap' }, icon('gap'), h('p', {}, strings.gap(time(lost), time(ts)))),
    trimmed: () => h('li', { class: 'notice' }, h('p', {}, strings.trimmed)),
  };

  function build(row, isNew) {
    const element = builders[row.kind](row);
    if (isNew && stick) element.classList.add('new');
    return element;
  }

  // --- place ---

  // Of a message it is the bubble that has a place: the byline above comes and goes with the group.
  const placeOf = (node) => (node.querySelector('.bubble') ?? node).getBoundingClientRect();

  // The first row in sight, and where it is. A day's heading is no hold: it moves with what is under it.
  function anchor() {
    const { top } = scroller.getBoundingClientRect();
    for (const [key, { node }] of list.known ?? []) {
      const place = placeOf(node);
      if (place.bottom > top && !node.matches('.day')) return { key, top: place.top };
    }
    return null;
  }

  function hold(place) {
    const row = place && list.known.get(place.key);
    if (stick) scroller.scrollTop = scroller.scrollHeight;
    else if (row) scroller.scrollTop += placeOf(row.node).top - place.top;
    lastTop = scroller.scrollTop;
  }

  function chooseWindow() {
    const { items } = state;
    const first = items[0]?.n ?? 0;
    const last = items.at(-1)?.n ?? 0;
    if (stick && last - from > WINDOW + STEP) from = last - WINDOW;
    from = Math.max(from, first);
    return items.slice(from - first);
  }

  function draw() {
    const place = stick ? null : anchor();
    const items = chooseWindow();
    const rows = layout({
      items,
      outbox,
      me: state.me,
      line: state.line,
      open,
      now: Date.now(),
      words: strings,
    });
    if (state.dropped && items.length === state.items.length)
      rows.unshift({ kind: 'trimmed', key: 'trimmed', sig: '' });
    reconcile(list, rows, build);
    empty.hidden = rows.some((row) => row.kind === 'message');
    giveTabStop();
    hold(place);
    showPill();
  }

  function showPill() {
    const isFar = distance() > scroller.clientHeight;
    pill.hidden = stick || !(state.unread || isFar);
    byId('pill-text').textContent = state.unread ? strings.unread(state.unread) : strings.latest;
  }

  function toEnd() {
    stick = true;
    scroller.scrollTop = scroller.scrollHeight;
    lastTop = scroller.scrollTop;
    looked();
  }

  function looked() {
    if (stick && !document.hidden) onSeen();
  }

  function scrolled() {
    const top = scroller.scrollTop;
    if (distance() <= END_PX) stick = true;
    else if (top < lastTop - 1) stick = false;
    lastTop = top;
    looked();
    if (!state) return;
    if (!stick && top < scroller.clientHeight * AHEAD_SCREENS && from > (state.items[0]?.n ?? 0)) {
      from -= STEP;
      onScroll();
    }
    showPill();
  }

  // --- keys: one row is in the tab order, the arrows move it ---

  const articles = () => [...list.querySelectorAll('article')];

  function giveTabStop() {
    const last = articles().at(-1);
    const isFree = !list.contains(document.activeElement) || !list.querySelector('article[tabindex="0"]');
    if (last && isFree) moveTabStop(last);
  }

  function moveTabStop(article) {
    list.querySelector('article[tabindex="0"]')?.setAttribute('tabindex', '-1');
    article.setAttribute('tabindex', '0');
  }

  const steps = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

  scroller.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    if (step === undefined || event.target.closest('button, a')) return;
    const all = articles();
    const here = all.indexOf(document.activeElement);
    if (here < 0) return;
    event.preventDefault();
    all[Math.min(Math.max(here + step, 0), all.length - 1)].focus();
  });
  list.addEventListener('focusin', (event) => {
    if (event.target.matches('article')) moveTabStop(event.target);
  });

  scroller.addEventListener('scroll', scrolled, { passive: true });
  pill.addEventListener('click', () => {
    toEnd();
    onScroll();
  });
  const resized = new ResizeObserver(() => stick && hold(null));
  for (const part of [scroller, list]) resized.observe(part);

  return {
    isAtEnd: () => stick,
    toEnd,
    looked,
    page(pages) {
      scroller.scrollBy({ top: pages * scroller.clientHeight * 0.9 });
    },
    reset() {
      from = 0;
      stick = true;
      open.clear();
    },
    render(nextState, entries) {
      if (nextState.room !== state?.room) {
        byId('room-name').textContent = nextState.room;
        scroller.setAttribute('aria-label', strings.messagesIn(nextState.room));
        byId('empty-title').textContent = strings.emptyTitle(nextState.room);
      }
      state = nextState;
      outbox = entries;
      draw();
    },
  };
}
