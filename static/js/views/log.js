// The messages, of which only a window is in the page. The view moves only by the reader's hand: at the end it
// stays at the end, anywhere else the first row in sight stays where it is.
import { byId, h, hide, iconButton, reconcile, write } from '../dom.js';
import { findMessage } from '../store.js';
import { strings } from '../strings.js';
import { createBuilders, layout, lineOf } from './rows.js';

const WINDOW = 200; // items in the page at the end, up to a STEP more
const WINDOW_MAX = 250; // anywhere else
const ROWS_MAX = 300;
const STEP = 50;
const END_PX = 24;
const AHEAD_SCREENS = 1.5;
const MOMENTUM_MS = 1_500;
const CALM_MS = 1_000;

// on: those of rows.js; seen(), find(id), older(), newer(), newest().
export function createLog({ on, me }) {
  const scroller = byId('log');
  const list = byId('rows');
  const pill = byId('pill');
  const pillTop = byId('pill-top');
  const isFine = matchMedia('(hover: hover)');
  const open = new Set();
  const places = new Map(); // of other rooms: {place, first, last, stick}
  const build = createBuilders({ on: { ...on, toggle, jump }, me });
  let room = null;
  let outbox = [];
  let settings = {};
  let shown = []; // the rows
  let first = null; // keys of the first and the last item in the page; null: the end, wherever that is
  let last = null;
  let range = { from: 0, to: 0 };
  let stick = true;
  let lastTop = 0;
  let held = null;
  let touchedAt = -Infinity;
  let cameAt = -Infinity; // the last new row
  let tabStop = null; // the article that is in the tab order

  const distance = () => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  const isLive = () => Boolean(room) && !room.hasNewer && range.to === room.items.length;

  // --- place ---

  const topOf = (node) => node.getBoundingClientRect().top;

  // Of a message it is the bubble that has a place: the byline above comes and goes with the group.
  const holdOf = (node) => node.querySelector('.bubble') ?? node;

  // The first row in sight, and where it is. A day's heading is no hold: it moves with what is under it.
  // While nobody scrolls it is the same place as last time, or what scrolling rounds off would add up.
  function anchor() {
    if (held?.at === scroller.scrollTop && list.known.has(held.key)) return held;
    const top = topOf(scroller);
    for (const [key, { node }] of list.known) {
      const { top: place, bottom } = holdOf(node).getBoundingClientRect();
      if (bottom > top && !node.matches('.day, .line')) return { key, top: place - top };
    }
    return null;
  }

  // While a finger's momentum scrolls, what a script writes is overridden, unless scrolling stops first.
  function scrollTo(top) {
    const isMoving = performance.now() - touchedAt < MOMENTUM_MS;
    if (isMoving) scroller.style.setProperty('overflow', 'hidden');
    scroller.scrollTop = top;
    lastTop = scroller.scrollTop;
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

  // --- window ---

  const indexOf = (key) => room.items.findLastIndex((item) => item.key === key);

  function chooseRange() {
    const { length } = room.items;
    if (stick) {
      // Whole steps: while rows only come, those that are there need not be moved.
      const from = length - WINDOW;
      range = { from: Math.max(0, from - (from % STEP)), to: length };
      return;
    }
    const from = Math.max(0, first === null ? length - WINDOW : indexOf(first));
    const end = last === null ? -1 : indexOf(last);
    range = { from, to: Math.min(end < 0 ? length : end + 1, from + WINDOW_MAX) };
  }

  function keepRange() {
    const { items } = room;
    first = items[range.from]?.key ?? null;
    last = range.to === items.length ? null : items[range.to - 1].key;
  }

  function extend(step) {
    const { length } = room.items;
    if (step < 0) {
      const from = Math.max(0, range.from + step);
      range = { from, to: Math.min(range.to, from + WINDOW_MAX) };
    } else {
      const to = Math.min(length, range.to + step);
      range = { from: Math.max(range.from, to - WINDOW_MAX), to };
    }
    keepRange();
    draw(step);
  }

  const selected = () => {
    const selection = getSelection();
    if (selection.isCollapsed) return []; // to ask costs a layout of the page
    return [...list.querySelectorAll('.message')].filter((node) => selection.containsNode(node, true));
  };

  // What has the focus or the selection stays in the page, and with it what decides how it looks: the one before.
  function inPage() {
    const focused = list.contains(document.activeElement) ? document.activeElement.closest('.message') : null;
    const kept = new Set([focused, ...selected()].filter(Boolean).map((row) => row.dataset.key));
    const isIn = ({ key }, i, all) => (i >= range.from && i < range.to) || kept.has(key) || kept.has(all[i + 1]?.key);
    return {
      items: kept.size ? room.items.filter(isIn) : room.items.slice(range.from, range.to),
      outbox: isLive() ? outbox : outbox.filter(({ cid }) => kept.has(cid)),
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
      words: strings,
    });
  }

  // Days and lines are rows too: the far end gives way.
  function chooseRows(direction) {
    let rows = rowsOf();
    while (rows.length > ROWS_MAX && range.to - range.from > WINDOW / 2) {
      const surplus = Math.min(rows.length - ROWS_MAX, range.to - range.from - WINDOW / 2);
      if (direction < 0) range.to -= surplus;
      else range.from += surplus;
      rows = rowsOf();
    }
    return rows;
  }

  function draw(direction = 1) {
    const place = stick ? null : anchor();
    chooseRange();
    const rows = chooseRows(direction);
    keepRange();
    hide(byId('older'), !(room.hasOlder && range.from === 0));
    hide(byId('empty'), room.hasOlder || !room.isIn || rows.some((row) => row.kind === 'message'));
    reconcile(list, rows, element);
    shown = rows;
    giveTabStop();
    hold(place);
    showPills();
  }

  function element(row, isNew) {
    const node = build[row.kind](row);
    if (!isNew || !stick) return node;
    const now = performance.now();
    if (shown.length && now - cameAt > CALM_MS) node.classList.add('new'); // many at a time would only flicker
    cameAt = now;
    return node;
  }

  // --- pills ---

  const lineNode = () => list.known.get('line')?.node;

  function unreadAbove() {
    if (!room.line) return 0;
    const at = indexOf(room.line);
    const node = lineNode();
    if (at < 0 || (node ? node.getBoundingClientRect().bottom > topOf(scroller) : at >= range.from)) return 0;
    return room.items.slice(at).filter((item) => item.kind === 'message' && !item.mine).length;
  }

  function showPills() {
    const isFar = distance() > scroller.clientHeight || !isLive();
    hide(pill, stick || !(room.unread || isFar));
    write(byId('pill-text'), room.unread ? strings.unread(room.unread) : strings.latest);
    const above = unreadAbove();
    hide(pillTop, !above);
    write(byId('pill-top-text'), strings.unreadAbove(above));
  }

  // --- scrolling ---

  function toEnd() {
    if (room.hasNewer) {
      on.newest();
      return;
    }
    stick = true;
    draw();
    looked();
  }

  function looked() {
    if (stick && room && isLive() && !document.hidden) on.seen();
  }

  function scrolled() {
    if (!room) return;
    const top = scroller.scrollTop;
    if (distance() <= END_PX && isLive()) stick = true;
    else if (top < lastTop - 1) leaveEnd();
    lastTop = top;
    looked();
    more();
    showPills();
    tools.remove();
  }

  function leaveEnd() {
    if (stick) keepRange();
    stick = false;
  }

  // What is near comes into the page, or is asked for.
  function more() {
    const ahead = scroller.clientHeight * AHEAD_SCREENS;
    if (stick && distance() > END_PX) return; // just now being put at the end
    if (scroller.scrollTop < ahead) {
      if (range.from > 0 && !stick) extend(-STEP);
      else if (range.from === 0 && room.hasOlder) on.older();
    }
    if (!stick && distance() < ahead) {
      if (range.to < room.items.length) extend(STEP);
      else if (room.hasNewer) on.newer();
    }
  }

  function show(key) {
    const at = indexOf(key);
    if (at < 0) return null;
    stick = false;
    const from = Math.max(0, at - WINDOW_MAX / 2);
    range = { from, to: Math.min(room.items.length, from + WINDOW_MAX) };
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

  function jump(id) {
    const item = findMessage(room, id);
    if (!item) {
      on.find(id);
      return;
    }
    const node = show(item.key);
    if (!node) return;
    node.classList.add('flash');
    setTimeout(() => node.classList.remove('flash'), 2_000);
    node.querySelector('article').focus({ preventScroll: true });
  }

  function toLine() {
    show(room.line);
    toView(lineNode(), 'start');
  }

  function toggle(key) {
    if (!open.delete(key)) open.add(key);
    draw();
  }

  // --- the tools that hover over a message ---

  const tool = (what) => iconButton(what, strings[what], { tabindex: '-1', 'data-what': what, onclick: useTool });
  const mineOnly = tool('edit');
  const tools = h('div', { class: 'tools' }, tool('react'), tool('reply'), mineOnly, tool('more'));

  const itemOf = (node) => {
    const key = node?.closest('.message')?.dataset.key;
    return shown.find((row) => row.key === key && row.kind === 'message')?.item;
  };

  const canBeUsed = (item) => item?.id && !item.deleted && !item.isLost && !item.entry;

  function useTool({ currentTarget: tool }) {
    const item = itemOf(tool);
    if (item) on.act(tool.dataset.what, item, tool);
  }

  // Not on pointerover: rows that come move under a pointer that rests.
  list.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'mouse' || !isFine.matches) return;
    const article = event.target.closest('.message')?.querySelector('article');
    if (!article || tools.parentNode === article) return;
    const item = itemOf(article);
    mineOnly.hidden = !item?.mine;
    if (canBeUsed(item)) article.append(tools);
    else tools.remove();
  });
  list.addEventListener('pointerleave', () => tools.remove());
  // Where nothing can hover, a tap on a bubble opens the menu.
  list.addEventListener('click', (event) => {
    if (isFine.matches || event.target.closest('button, a')) return;
    const article = event.target.closest('article');
    const item = itemOf(article);
    if (canBeUsed(item) && getSelection().isCollapsed) on.act('more', item, article);
  });

  // Several rows are copied as clean text; what is within one as it is.
  document.addEventListener('copy', (event) => {
    const rows = selected();
    if (rows.length < 2) return;
    event.preventDefault();
    event.clipboardData.setData('text/plain', rows.map((row) => lineOf(itemOf(row))).join('\n'));
  });

  // --- keys: one row is in the tab order, the arrows move it ---

  const articles = () => [...list.querySelectorAll('article')];

  function giveTabStop() {
    if (list.contains(tabStop) && list.contains(document.activeElement)) return;
    const end = shown.findLast((row) => row.kind === 'message');
    if (end) moveTabStop(list.known.get(end.key).node.querySelector('article'));
  }

  function moveTabStop(article) {
    tabStop?.setAttribute('tabindex', '-1');
    tabStop = article;
    article.setAttribute('tabindex', '0');
  }

  function step(by) {
    const { key } = itemOf(document.activeElement);
    const at = indexOf(key);
    if (at >= 0 && (at < range.from || at >= range.to)) show(key);
    const all = articles();
    const here = all.indexOf(document.activeElement);
    if (by < 0 && here === 0 && (range.from > 0 || room.hasOlder)) {
      if (range.from > 0) (leaveEnd(), extend(-STEP));
      else on.older();
      const now = articles();
      now[now.indexOf(document.activeElement) - 1]?.focus();
      return;
    }
    all[Math.min(Math.max(here + by, 0), all.length - 1)].focus();
  }

  const steps = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
  const acts = { Enter: 'more', e: 'edit', Delete: 'remove', '+': 'react', c: 'copy', r: 'reply' };

  scroller.addEventListener('keydown', (event) => {
    const article = event.target;
    if (!article.matches('article') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (Object.hasOwn(steps, event.key)) {
      event.preventDefault();
      step(steps[event.key]);
    } else if (Object.hasOwn(acts, event.key)) {
      const item = itemOf(article);
      event.preventDefault();
      event.stopPropagation();
      if (canBeUsed(item)) on.act(acts[event.key], item, article);
    }
  });
  list.addEventListener('focusin', (event) => {
    if (event.target.matches('article')) moveTabStop(event.target);
  });

  for (const type of ['touchstart', 'touchend'])
    scroller.addEventListener(type, () => (touchedAt = performance.now()), { passive: true });
  scroller.addEventListener('scroll', scrolled, { passive: true });
  pill.addEventListener('click', toEnd);
  pillTop.addEventListener('click', toLine);
  byId('older-button').addEventListener('click', () => on.older());
  const resized = new ResizeObserver(() => {
    if (!room) return;
    if (stick) hold(null);
    more();
    showPills();
  });
  for (const part of [scroller, list]) resized.observe(part);

  function clear() {
    list.replaceChildren();
    list.known = new Map();
    shown = [];
  }
  clear();

  function leaveRoom() {
    if (room) places.set(room.name, { place: stick ? null : anchor(), first, last, stick });
    tools.remove();
  }

  // Where one was; or at the line, if what is unread is more than a screen; else at the end.
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
    toEnd,
    jump,
    looked,
    page(pages) {
      scroller.scrollBy({ top: pages * scroller.clientHeight * 0.9 });
    },
    forget: (name) => places.delete(name),
    // A page of history was of another place.
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
        write(byId('empty-title'), strings.emptyTitle(room.name));
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
