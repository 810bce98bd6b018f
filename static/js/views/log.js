// The messages (docs/client.md).
import { avatar, button, byId, h, hide, icon, iconButton, namesIn, reconcile, write } from '../dom.js';
import { nameKey } from '../hubbub.js';
import { findMessage, isKept, mentions } from '../store.js';
import { dayName, fullTime, hue, linkify, startOfDay, strings, time } from '../words.js';

const GROUP_MS = 300_000;
const QUOTE_MAX = 160;
const WINDOW = 60;
const ITEM_PX = 39;
const WINDOW_MAX = 145; // anywhere else
const STEP = 50;
const LATE_MS = 25; // a frame
const PACE = 2; // rows in a late one
const WAITING_MAX = 240;
const LIFT_MS = 5_000;
const END_PX = 24;
const HEAD_PX = 64; // scroll-padding
const MOMENTUM_MS = 1_500;
const steps = ['ArrowUp', 'ArrowDown', 'Home', 'End'];
const acts = { Enter: 'more', e: 'edit', Delete: 'remove', '+': 'react', c: 'copy', r: 'reply' };
const SEEN_MS = 500;
const REST_MS = 100;

// --- items to rows ---

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

export function foldNotices(items) {
  const people = new Map();
  for (const { kind, username } of items) {
    const person = people.get(nameKey(username)) ?? { username, was: kind };
    people.set(nameKey(username), { ...person, is: kind });
  }
  const fold = { joined: [], left: [] };
  for (const { username, was, is } of people.values()) {
    if (was === 'leave' && is === 'join') continue; // back again
    if (was === 'join') fold.joined.push(username);
    if (is === 'leave') fold.left.push(username);
  }
  return fold;
}

function noticeRow(items, open) {
  const { key } = items[0];
  if (items.length === 1) return { kind: 'notice', key, sig: [1], items };
  const isOpen = open.has(key);
  const who = foldNotices(items);
  return who.joined[0] || who.left[0] ? { kind: 'fold', key, sig: [items.length, isOpen], items, isOpen, who } : null;
}

// In the log, it seems: the ack is missing.
function isEchoed(entry, mine) {
  if (entry.state === 'failed') return false;
  if (entry.id) return mine.some((item) => item.id === entry.id);
  return entry.wasSent && mine.some((item) => item.seq > entry.after && item.key === item.id && item.body === entry.body);
}

export function layout({ items, outbox = [], me = '', line, open = new Set(), notices = 'fold', find = () => {}, now }) {
  const rows = [];
  let day = null;
  let heading = [];
  let previous = null;
  let run = [];

  const put = (row) => {
    rows.push(...heading, row);
    heading = [];
  };
  const flush = () => {
    const row = run[0] && noticeRow(run, open);
    if (row) put(row), (previous = null);
    run = [];
  };
  const startDay = (ts) => {
    if (startOfDay(ts) <= day) return;
    flush();
    day = startOfDay(ts);
    previous = null;
    const label = dayName(ts, now);
    heading = [{ kind: 'day', key: `day ${day}`, sig: [label], label }];
  };
  const addNotice = (item) => {
    if (notices === 'hide' && !item.mine) return;
    startDay(item.ts);
    if (item.mine || notices === 'show') flush();
    run.push(item);
    if (item.mine) flush();
  };
  const addMessage = (item) => {
    const first = !continues(previous, item);
    const quoted = item.reply_to === undefined ? null : (find(item.reply_to) ?? null);
    put({ kind: 'message', key: item.key, sig: [item.entry ?? item, first, quoted], item, first, quoted });
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
      put({ kind: 'line', key: 'line', sig: [] });
    }
    if (kind === 'message') addMessage(item);
    else put({ kind, key, sig: [item], item });
    previous = item;
  };

  items.forEach(add);
  const mine = outbox.length ? items.filter((item) => item.mine && item.kind === 'message') : [];
  for (const entry of outbox)
    if (!isEchoed(entry, mine)) add({ ...entry, key: entry.cid, kind: 'message', username: me, mine: true, entry });
  flush();
  return rows;
}

// --- rows to elements ---

const bodyOf = (text) =>
  linkify(text).map((part) =>
    part.href
      ? h('a', { href: part.href, target: '_blank', rel: 'noopener noreferrer nofollow', dir: 'ltr' }, part.text)
      : part.text,
  );

const tower = /\p{M}{4}/u;

const timeOf = (ts, attributes) =>
  h('time', { ...attributes, datetime: new Date(ts).toISOString(), title: fullTime(ts) }, time(ts));

const sentence = ({ kind, username, mine }) =>
  namesIn(mine && kind === 'join' ? strings.youJoined : strings[kind === 'join' ? 'joined' : 'left']([username]));

const stateText = ({ state, reason }) => (state === 'failed' ? strings.failed(reason) : (strings[state] ?? ''));

export function createBuilders({ on, me }) {
  function quote({ item, quoted }) {
    if (item.reply_to === undefined || item.deleted) return false;
    const text = (body) => h('span', { dir: 'auto' }, body);
    const content = quoted
      ? [
          h('span', { class: 'sr-only' }, strings.inReplyTo),
          h('strong', { dir: 'auto' }, quoted.mine ? strings.you : quoted.username),
          ' ',
          text(quoted.deleted ? strings.deleted : quoted.body.slice(0, QUOTE_MAX)),
        ]
      : [text(strings.replyToUnknown)];
    return button({ class: 'quote', 'data-focus': 'quote', onclick: () => on.jump(item.reply_to) }, icon('reply'), ...content);
  }

  function chip(item, emoji, names) {
    const isOn = names.some((name) => nameKey(name) === nameKey(me()));
    const label = strings.reaction(emoji, names, me());
    const onclick = () => on.react(item, emoji, !isOn);
    return button(
      { class: 'chip', 'data-focus': emoji, 'aria-pressed': String(isOn), 'aria-label': label, title: label, onclick },
      h('span', { 'aria-hidden': 'true' }, emoji),
      h('span', { 'aria-hidden': 'true' }, String(names.length)),
    );
  }

  function reactions(item) {
    const all = Object.entries(item.reactions ?? {});
    if (!all.length || item.deleted) return false;
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
    button({ class: 'edited', 'data-focus': 'edited', tabindex: '-1', onclick: () => on.act('showEdits', item) }, strings.edited);

  function failure({ key, item }) {
    if (item.state !== 'failed') return false;
    return h(
      'div',
      { class: 'actions' },
      button({ onclick: () => on.retry(key) }, strings.retry),
      button({ onclick: () => on.change(item.entry) }, strings.edit),
      button({ onclick: () => on.remove(key) }, strings.remove),
    );
  }

  function message(row) {
    const { key, item, first } = row;
    const { username, mine, ts } = item;
    const isForMe = !mine && mentions(item.body, me());
    const state = item.state === 'acked' ? 'sent' : (item.state ?? 'sent');
    const id = (part) => `${key}-${part}`;
    const classes = ['message', mine ? 'mine' : 'theirs', first && 'first', item.deleted && 'deleted', isForMe && 'for-me'];
    const author = h('span', { class: 'author', id: id('author'), dir: 'auto' }, mine ? strings.you : username);
    if (first && !mine) author.style.setProperty('--hue', hue(username));
    return h(
      'li',
      { class: classes.filter(Boolean).join(' '), 'data-state': state, 'data-key': key },
      first && avatar(username),
      h(
        'article',
        { tabindex: '-1', 'aria-labelledby': ['author', 'body', 'state', 'time'].map(id).join(' ') },
        h('header', { class: `byline${first ? '' : ' sr-only'}` }, author, ' ', timeOf(ts, { id: id('time') })),
        quote(row),
        h(
          'div',
          { class: `bubble${tower.test(item.body) ? ' towering' : ''}`, id: id('body'), dir: 'auto', title: first ? null : fullTime(ts) },
          ...(item.deleted ? [strings.deleted] : bodyOf(item.body)),
        ),
        h('p', { class: 'state', id: id('state') }, item.edited && !item.deleted ? editedMark(item) : stateText({ ...item, state })),
        reactions(item),
        failure(row),
      ),
    );
  }

  function fold({ key, items, isOpen, who }) {
    const parts = ['joined', 'left'].flatMap((verb) => (who[verb][0] ? [' · ', ...strings[verb](who[verb])] : []));
    const summary = namesIn(parts.slice(1));
    const lines = () =>
      h('ol', {}, ...items.map((item) => h('li', {}, h('span', {}, ...sentence(item)), ' ', timeOf(item.ts))));
    const onclick = () => on.toggle(key);
    const head = button({ 'aria-expanded': String(isOpen), onclick }, h('span', {}, ...summary), icon('chevron'));
    return h('li', { class: 'notice' }, head, isOpen && lines());
  }

  const gap = (text, ...more) => h('li', { class: 'gap' }, icon('more'), h('p', {}, text), ...more);

  return {
    message,
    fold,
    notice: ({ items: [item] }) => h('li', { class: 'notice' }, h('p', { title: fullTime(item.ts) }, ...sentence(item))),
    day: ({ label }) => h('li', { class: 'day' }, h('h2', {}, label)),
    line: () => h('li', { class: 'line', id: 'line' }, h('span', {}, strings.newMessages)),
    gap: () => gap(strings.gap),
    hole: ({ item }) => gap(strings.hole, button({ onclick: () => on.load(item) }, strings.load)),
  };
}

export const canBeUsed = (item) => item?.id && !item.deleted && !item.isLost && !item.entry;

// --- the window ---

export function createLog({ on, me }) {
  const scroller = byId('log');
  const list = byId('rows');
  const pill = byId('pill');
  const pillTop = byId('pill-top');
  const few = Math.ceil(screen.height / ITEM_PX); // a screenful
  const endItems = Math.min(Math.max(WINDOW, 2 * few), WINDOW_MAX); // at the end
  const open = new Set();
  const places = new Map(); // of other rooms: {place, first, last, stick}
  const build = createBuilders({ on: { ...on, toggle }, me });
  let room = null;
  let outbox = [];
  let settings = {};
  let shown = []; // the rows
  let first = null; // keys of items; null: the end
  let last = null;
  let range = { from: 0, to: 0 };
  let end = null; // key of the last in the page
  let newestDrawn = null;
  let drawnAt = -Infinity;
  let pace = PACE;
  let lifted = 0; // px
  let calm = null;
  let stick = true;
  let lastTop = 0;
  let lastHeight = 0;
  let seeing = null; // timers
  let resting = null;
  let way = 0; // where one scrolls
  let held = null;
  let touchedAt = -Infinity;
  let tabStop = null; // an article
  let stepped = Promise.resolve();

  const distance = () => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  const isLive = () => Boolean(room) && !room.hasNewer && (stick || range.to === room.items.length);

  const topOf = (node) => node.getBoundingClientRect().top;

  const holdOf = (node) => node.querySelector('.bubble') ?? node;

  // The first row in sight.
  function anchor() {
    if (held?.at === scroller.scrollTop && list.known.has(held.key)) return held;
    const top = topOf(scroller);
    for (const [key, { node }] of list.known) {
      const { top: place, bottom } = holdOf(node).getBoundingClientRect();
      if (bottom > top && !node.matches('.day, .line')) return { key, top: place - top };
    }
    return null;
  }

  const touch = () => (touchedAt = performance.now());
  const isTouched = () => performance.now() - touchedAt < MOMENTUM_MS;

  function scrollTo(top) {
    const isMoving = isTouched();
    if (isMoving) scroller.style.setProperty('overflow', 'hidden');
    scroller.scrollTop = top;
    lastTop = scroller.scrollTop;
    lastHeight = scroller.clientHeight;
    if (isMoving) requestAnimationFrame(() => scroller.style.removeProperty('overflow'));
  }

  function hold(place) {
    const row = place && list.known.get(place.key);
    if (stick) scrollTo(scroller.scrollHeight);
    else if (row) {
      const by = topOf(holdOf(row.node)) - topOf(scroller) - place.top;
      if (Math.abs(by) >= 0.5) scrollTo(scroller.scrollTop + by);
    }
    held = stick || !place ? null : { ...place, at: scroller.scrollTop };
    lastTop = scroller.scrollTop;
  }

  const indexOf = (key) => room.items.findLastIndex((item) => item.key === key);

  const counts = ({ kind, mine }) => mine || settings.notices === 'show' || (kind !== 'join' && kind !== 'leave');

  function walk(at, n, by) {
    for (let item; (item = room.items[by < 0 ? at - 1 : at]) && !(counts(item) && n-- <= 0); ) at += by;
    return at;
  }
  const before = (at, n) => walk(at, n, -1);
  const after = (at, n) => walk(at, n, 1);

  function chooseEnd() {
    const { items } = room;
    const { length } = items;
    const now = performance.now();
    pace = now - drawnAt > LATE_MS ? PACE : Math.min(pace * 2, few);
    drawnAt = now;
    const shownFrom = indexOf(first);
    const shownTo = indexOf(end) + 1 || length;
    const waiting = items.slice(shownTo).filter(counts);
    const isAll = newestDrawn === items.at(-1) || waiting.some(({ mine }) => mine);
    newestDrawn = items.at(-1);
    if (shownFrom < 0 || waiting.length > (isAll ? few : WAITING_MAX)) return { from: before(length, few), to: length };
    const to = isAll ? length : after(shownTo, pace);
    const surplus = before(to, to < length ? few : endItems);
    if (to === length && surplus < shownFrom) return { from: Math.max(surplus, before(shownFrom, pace)), to };
    let from = surplus;
    while (from > surplus - STEP && continues(items[from - 1], items[from])) from--;
    return { from: Math.max(from, shownFrom), to };
  }

  function lift(px) {
    if (px) calm ??= setTimeout(settle, LIFT_MS);
    if (px === lifted) return;
    lifted = px;
    list.style.setProperty('padding-top', `calc(1rem + ${px}px)`);
  }

  function settle() {
    calm = null;
    if (isTouched()) {
      lift(lifted);
      return;
    }
    const place = stick ? null : anchor();
    lift(0);
    hold(place);
  }

  function chooseRange() {
    const { length } = room.items;
    if (stick) {
      range = chooseEnd();
      return;
    }
    const from = Math.max(0, first === null ? before(length, endItems) : indexOf(first));
    const to = last === null ? 0 : indexOf(last) + 1;
    range = { from, to: Math.min(to || length, after(from, WINDOW_MAX)) };
  }

  function keepRange() {
    const { items } = room;
    first = items[range.from]?.key ?? null;
    end = items[range.to - 1]?.key;
    last = range.to === items.length ? null : end;
  }

  function extend(step) {
    if (step < 0) {
      const from = before(range.from, -step);
      range = { from, to: Math.min(range.to, after(from, WINDOW_MAX)) };
    } else {
      const to = after(range.to, step);
      range = { from: Math.max(range.from, before(to, WINDOW_MAX)), to };
    }
    keepRange();
    draw();
  }

  const selected = () => {
    const selection = getSelection();
    if (selection.isCollapsed) return []; // to ask costs a layout
    return [...list.querySelectorAll('.message')].filter((node) => selection.containsNode(node, true));
  };

  function inPage() {
    const focused = list.contains(document.activeElement) ? document.activeElement.closest('.message') : null;
    const kept = new Set([focused, ...selected()].filter(Boolean).map((row) => row.dataset.key));
    const isIn = ({ key }, i, all) => (i >= range.from && i < range.to) || kept.has(key) || kept.has(all[i + 1]?.key);
    return {
      items: kept.size ? room.items.filter(isIn) : room.items.slice(range.from, range.to),
      outbox: isLive() || room.hasNewer ? outbox : outbox.filter(({ cid }) => kept.has(cid)),
    };
  }

  function rowsOf() {
    const { items, outbox: waiting } = inPage();
    return layout({
      items,
      outbox: waiting,
      me: me(),
      line: room.line,
      open,
      notices: settings.notices,
      find: (id) => findMessage(room, id),
      now: Date.now(),
    });
  }

  function draw() {
    const place = stick ? null : anchor();
    const hadFocus = list.contains(document.activeElement);
    const wasNewest = newestDrawn;
    chooseRange();
    const rows = rowsOf();
    keepRange();
    hide(byId('older'), !(room.hasOlder && range.from === 0));
    hide(byId('empty'), room.hasOlder || !room.isIn || rows.some((row) => row.kind === 'message'));
    const top = list.known.get(rows[1]?.key)?.node; // under the day
    lift(top ? lifted + topOf(top) - topOf(list.children[1]) : 0);
    reconcile(list, rows, (row) => build[row.kind](row));
    shown = rows;
    if (hadFocus && !list.contains(document.activeElement)) scroller.focus({ preventScroll: true });
    hold(place);
    giveTabStop();
    showPills();
    if (!seeing && stick && newestDrawn !== wasNewest) looked();
    const { from, to } = range;
    if (stick && (to < room.items.length || from > before(to, endItems))) on.again();
  }

  const lineNode = () => list.known.get('line')?.node;

  function unreadAbove() {
    if (!room.line) return 0;
    const at = indexOf(room.line);
    const node = lineNode();
    if (at < 0 || (node ? node.getBoundingClientRect().bottom > topOf(scroller) : at >= range.from)) return 0;
    return room.items.slice(at).filter((item) => isPlain(item) && !item.mine && !item.watched).length;
  }

  function showPills() {
    hide(pill, stick || !(room.unread || !isLive() || distance() > scroller.clientHeight));
    write(byId('pill-text'), room.unread ? strings.unread(room.unread) : strings.latest);
    const above = unreadAbove();
    hide(pillTop, !above);
    write(byId('pill-top-text'), strings.unreadAbove(above));
  }

  function toEnd() {
    if (room.hasNewer) {
      on.newest();
      return;
    }
    stick = true;
    newestDrawn = room.items.at(-1);
    draw();
    looked();
  }

  function looked() {
    clearTimeout(seeing);
    const seq = shownUpTo() ?? 0;
    const read = () => {
      seeing = null;
      if (!stick || !isLive()) return;
      on.seen(seq);
      if (shownUpTo() > seq) looked();
    };
    seeing = setTimeout(read, SEEN_MS);
  }

  function rest() {
    if (!room || stick) return;
    hold(anchor());
    giveTabStop();
  }

  function scrolled() {
    if (!room) return;
    const top = scroller.scrollTop;
    if (stick && top === lastTop) return; // put there
    if (stick && scroller.clientHeight !== lastHeight) return hold(null); // nobody scrolled
    if (distance() <= END_PX && isLive()) stick = true;
    else if (top < lastTop - 1) leaveEnd();
    if (top !== lastTop) {
      way = top - lastTop;
      held = null;
      if (isTouched()) touch();
    }
    lastTop = top;
    clearTimeout(resting);
    resting = setTimeout(rest, REST_MS);
    looked();
    more();
    showPills();
  }

  const shownUpTo = () => room?.items.slice(0, range.to).findLast(isKept)?.seq;

  function leaveEnd() {
    if (!stick) return;
    keepRange();
    stick = false;
    on.unseen(shownUpTo());
  }

  function more() {
    const ahead = scroller.clientHeight * 1.5;
    const up = scroller.scrollTop - lifted;
    const down = distance();
    if (stick && down > END_PX) return; // being put there
    const older = range.from > 0 ? !stick && extend : room.hasOlder && on.older;
    const newer = !stick && (range.to < room.items.length ? extend : room.hasNewer && on.newer);
    const isDown = newer && (way > 0 || (!older && down < END_PX));
    if (isDown && down < ahead) newer(STEP);
    if (!isDown && older && up < ahead) older(-STEP);
  }

  function show(key) {
    const at = indexOf(key);
    if (at < 0) return null;
    leaveEnd();
    way = 0;
    const from = before(at, WINDOW_MAX / 2);
    range = { from, to: after(from, WINDOW_MAX) };
    keepRange();
    draw();
    return toView(list.known.get(key)?.node, 'center');
  }

  function toView(node, where) {
    node?.scrollIntoView({ block: where });
    lastTop = scroller.scrollTop;
    showPills();
    return node;
  }

  function toLine() {
    show(room.line);
    toView(lineNode(), 'start');
  }

  function toggle(key) {
    if (!open.delete(key)) open.add(key);
    draw();
  }

  const itemOf = (node) => {
    const key = node?.closest('.message')?.dataset.key;
    return shown.find((row) => row.key === key && row.kind === 'message')?.item;
  };

  // --- keys ---

  const articles = () => [...list.querySelectorAll('article')];

  function giveTabStop() {
    if (list.contains(tabStop) && list.contains(document.activeElement)) return;
    const bottom = topOf(scroller) + scroller.clientHeight - HEAD_PX;
    const end = articles().findLast((article) => stick || article.getBoundingClientRect().bottom < bottom);
    if (end) moveTabStop(end);
  }

  function moveTabStop(article) {
    if (article === tabStop) return;
    tabStop?.setAttribute('tabindex', '-1');
    tabStop = article;
    article.setAttribute('tabindex', '0');
  }

  scroller.addEventListener('keydown', (event) => {
    const article = event.target;
    const key = event.key.length > 1 ? event.key : event.key.toLowerCase();
    const isAct = Object.hasOwn(acts, key);
    if (!article.matches('article') || event.ctrlKey || event.metaKey || event.altKey || !(isAct || steps.includes(key))) return;
    event.preventDefault();
    event.stopPropagation();
    if (!isAct) stepped = on.step(key, itemOf(article).key);
    else if (!event.repeat)
      stepped.then(() => {
        const { activeElement } = document;
        const item = itemOf(activeElement);
        if (canBeUsed(item)) on.act(acts[key], item, activeElement);
      });
  });
  list.addEventListener('focusin', (event) => {
    if (event.target.matches('article')) moveTabStop(event.target);
  });

  for (const type of ['focusin', 'pointerover']) list.addEventListener(type, on.watch);
  list.addEventListener('click', (event) => isTouched() && on.tap(event));

  for (const type of ['touchstart', 'touchend'])
    scroller.addEventListener(type, touch, { passive: true });
  scroller.addEventListener('scroll', scrolled, { passive: true });
  pill.addEventListener('click', () => (toEnd(), scroller.focus()));
  pillTop.addEventListener('click', () => (toLine(), scroller.focus()));
  byId('older-button').addEventListener('click', () => on.older());
  const resized = new ResizeObserver(() => {
    if (!room) return;
    hold(held);
    more();
    showPills();
  });
  for (const part of [scroller, list]) resized.observe(part);

  function clear() {
    list.replaceChildren();
    list.known = new Map();
    shown = [];
    end = newestDrawn = null;
    lift(0);
  }
  clear();

  function leaveRoom() {
    clearTimeout(seeing);
    seeing = null;
    if (room) places.set(room.name, { place: stick ? null : anchor(), first, last, stick });
  }

  function enterRoom() {
    const was = places.get(room.name);
    clear();
    ({ first = null, last = null, stick = true } = was ?? {});
    draw();
    const line = lineNode();
    if (was && !was.stick) hold(was.place);
    else if (room.line && (line ? line.offsetTop < scroller.scrollTop : indexOf(room.line) >= 0)) toLine();
  }

  return {
    isAtEnd: () => stick && isLive(),
    articles,
    itemOf,
    selected,
    show,
    up: () => range.from > 0 && (leaveEnd(), extend(-STEP), true),
    reach(key) {
      const at = indexOf(key);
      if (at >= 0 && (at < range.from || at >= range.to)) show(key);
    },
    seenUpTo: () => (stick && shownUpTo()) || Infinity,
    toEnd,
    looked,
    toLine,
    page(pages) {
      scroller.scrollBy({ top: pages * scroller.clientHeight * 0.9 });
    },
    forget: (name) => places.delete(name),
    moved() {
      first = last = null;
      stick = !room?.hasNewer;
    },
    render(nextRoom, entries, nextSettings) {
      const isOther = nextRoom.name !== room?.name;
      if (isOther) leaveRoom();
      const hadLooked = Boolean(room?.epoch) || isOther;
      room = nextRoom;
      outbox = entries;
      settings = nextSettings;
      if (isOther) {
        write(byId('room-name'), room.name);
        byId('empty-title').replaceChildren(...namesIn(strings.emptyTitle(room.name)));
        scroller.ariaLabel = strings.messagesIn(room.name);
      }
      if (isOther || (!hadLooked && room.epoch)) enterRoom();
      else draw();
      more();
    },
    close() {
      room = null;
      places.clear();
      open.clear();
      clear();
    },
  };
}
