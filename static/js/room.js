// What a person does and what the server says meet here.
import { alert, browser, byId, hold, isCharacter, part, release, roomAddress, roomOfAddress, tab, write } from './dom.js';
import { DEFAULT_ROOM, bytes, cleanName, cleanRoom, connect, nameKey } from './hubbub.js';
import { createStore, findMessage, isMe, roomOf } from './store.js';
import { createAnnouncer, createComposer, createPeople, createRooms, createStatus } from './views/frame.js';
import { createLog } from './views/log.js';
import { nextMidnight, roomFault, strings } from './words.js';

const PAGE = 50;
const PATIENCE_MS = 3_000;
const MARK_AFTER_MS = 1_000;
const TYPING_MS = 5_050;
const QUIET_ROOM = 50; // people

const store = createStore(storeChanged);
let signin = null;
let chat = null;
let seat = null; // {name, room} while we are in or want to be
let wasIn = false;
let build = null; // of the server, when this page came
let marks = {}; // {room: {epoch, seq}}: up to where one has read
let settings = browser.get('settings') ?? {};
let markTimer;
let renderPending = false;
const unmade = new Set(); // changes

const current = () => roomOf(store.get(), here());
const here = () => store.get().current;
const me = () => store.get().me;
const handle = (room = here()) => chat?.room(room);
const waiting = () => chat.outbox.waiting() + unmade.size;
const tell = (text, retry) => composer.complain(text, retry);

const log = createLog({
  me,
  on: {
    act,
    react: ({ id }, emoji, on) => apply({ type: 'react', id, emoji, on }),
    step: (...args) => later('stepTo', ...args),
    watch: (event) => quietly('watch', event),
    tap: (event) => later('tap', event),
    jump: (id) => later('jumpTo', id),
    retry: (cid) => chat.retry(cid),
    remove: (cid) => chat.outbox.remove(cid),
    change: ({ cid }) => composer.take(chat.outbox.remove(cid).body),
    load: (hole) => later('loadHole', hole),
    older: () => quietly('older'),
    newer: () => quietly('newer'),
    newest: () => later('toNewest'),
    again: scheduleRender,
    unseen: (seq) => store.dispatch({ type: 'unseen', room: here(), seq }),
    seen: (seq) => isLooking() && store.dispatch({ type: 'read', room: here(), seq }),
  },
});
const composer = createComposer({
  send: say,
  change: edit,
  scroll: (pages) => log.page(pages),
  editLast,
  typing: () => handle()?.typing(),
  enterSends: () => settings.enterSends === true,
  here: () => ({ ...current(), me: me() }),
});
const rooms = createRooms({ onSignOut: () => (waiting() ? later('signOut') : signOut()) });
const people = createPeople({ onMention: (name) => later('mention', name) });
const status = createStatus({
  retry: () => chat.retryNow(),
  reload: () => location.reload(),
});

const app = {
  chat: () => chat,
  settings: () => settings,
  waiting,
  change(fields) {
    settings = { ...settings, ...browser.get('settings'), ...fields };
    browser.set('settings', settings);
    scheduleRender();
  },
  store, current, composer, log, unmade, lastOwn, apply, goTo, leaveRoom, signOut, showPanel, act, render, tell, topics,
};
const announcer = createAnnouncer(app);
Object.assign(app, announcer);

// --- coming and going ---

const nameFor = (what) => `${what} ${nameKey(seat.name)}`;
const readMarks = () => browser.get(nameFor('marks')) ?? {};

export function join(panel, { name, room }, { insist, isBack = false } = {}) {
  signin = panel;
  chat?.close();
  seat = { name: cleanName(name), room: cleanRoom(room) };
  wasIn = false;
  browser.set('name', seat.name);
  marks = readMarks();
  store.dispatch({ type: 'start', me: seat.name });
  chat = connect({ name: seat.name, storage: tab, insist });
  chat.on('state', stateChanged);
  chat.on('hello', serverChanged);
  chat.on('frame', frameCame);
  chat.on('outbox', scheduleRender);
  if (isBack) showChat();
  enterRoom(seat.room);
  const known = browser.get(nameFor('rooms'));
  for (const other of Array.isArray(known) ? known : []) if (other !== seat.room) enterRoom(other);
  store.dispatch({ type: 'open', room: seat.room });
  if (isBack) open(seat.room, 'replaceState');
}

function enterRoom(room) {
  store.dispatch({ type: 'enter', room });
  chat.join(room, { last: PAGE });
}

function showChat() {
  signin.hide();
  byId('chat').hidden = false;
}

function open(room, how = 'pushState') {
  seat.room = room;
  store.dispatch({ type: 'open', room });
  tab.set('seat', seat);
  if (roomOfAddress() !== room) history[how](null, '', roomAddress(room));
  composer.open(nameKey(seat.name), room);
  announcer.wasRead(room);
  render();
  if (matchMedia('(hover: hover)').matches || document.activeElement === document.body) composer.focus();
  composer.catchUp();
  log.looked();
}

function closeAll() {
  rooms.close();
  people.close();
  document.querySelector('dialog[open]')?.close();
}

function goTo(room) {
  const clean = cleanRoom(room);
  if (!seat) return;
  closeAll();
  const fault = roomFault(clean);
  if (fault) {
    open(here(), 'replaceState');
    return tell(fault);
  }
  if (!roomOf(store.get(), clean)) enterRoom(clean);
  if (clean !== here()) {
    composer.save();
    store.dispatch({ type: 'lookAway', room: here(), seq: log.seenUpTo() });
  }
  open(clean);
}

function leaveRoom(room) {
  handle(room)?.leave().catch(() => {});
  store.dispatch({ type: 'left', room });
  saveRooms();
  if (here()) open(here(), 'replaceState');
  else goTo(DEFAULT_ROOM);
  log.forget(room);
}

function saveRooms() {
  browser.set(nameFor('rooms'), store.get().order);
}

function signOut() {
  // Else the server may still have us.
  chat.close({ forget: chat.state().phase === 'online' });
  showPanel({});
}

function showPanel(problem) {
  saveMarks();
  composer.save();
  seat = null;
  tab.set('seat', null);
  chat.close();
  tell('');
  status.show(chat.state());
  closeAll();
  byId('chat').hidden = true;
  log.close();
  announcer.stop();
  document.title = strings.app;
  showFavicon('icon.svg');
  signin.show({ name: browser.get('name') ?? '', room: roomOfAddress(), ...problem });
}

function stateChanged(state, before) {
  if (before.phase === 'online') store.dispatch({ type: 'everyRoom', action: { type: 'out' } });
  if (state.phase === 'rejected' && seat) rejected(state);
  composer.lock(state.phase === 'rejected');
  scheduleRender();
}

function rejected(state) {
  const { cause, reason } = state;
  const isNameFault = cause === 'taken' || cause === 'invalid';
  const error = reason || strings[cause] || strings.noSupport;
  if (!wasIn || (isNameFault && !waiting())) showPanel({ ...seat, error, isNameFault });
  else loadAll().then((all) => all.showSeatLost(app, state), () => chat.state() === state && tell(error, () => rejected(state)));
}

function serverChanged(hello) {
  build ??= hello.build;
  if (hello.build && hello.build !== build) status.newVersion();
}

// --- frames ---

const isLooking = () => !document.hidden && document.hasFocus();
const isWatched = (room) => room === here() && isLooking() && log.isAtEnd();

const noticesOf = (room) => settings.rooms?.[room]?.notices;
const presence = (frame) =>
  store.dispatch({ ...frame, ts: frame.ts ?? Date.now(), isWanted: (noticesOf(frame.room) ?? 'hide') !== 'hide' });

const frames = {
  joined(frame, { isFirst, was }) {
    const { room, username, users, count } = frame;
    if (was !== room) store.dispatch({ type: 'rename', room: was, to: room });
    if (seat.room === was) seat.room = room;
    store.dispatch({ type: 'named', me: username });
    store.dispatch({ ...frame, mark: marks[room], now: Date.now() });
    saveRooms();
    if (!isFirst && frame.recovered && frame.events[0]) quietly('callOnce', frame);
    if (isFirst && frame.events[0]?.seq > marks[room]?.seq + 1) quietly('loadUnread', frame, marks[room]);
    if (!wasIn) {
      wasIn = true;
      showChat();
      open(seat.room, 'replaceState');
      topics();
    }
    if (count > users.length) handle(room).users().then((f) => store.dispatch(f), () => {});
    const hole = isFirst ? null : roomOf(store.get(), room)?.items.findLast((i) => i.kind === 'hole');
    if (hole) quietly('loadHole', hole, room);
    if (room === here() && current().hasNewer && chat.outbox.of(room).length) quietly('toNewest');
    log.looked();
  },

  message(frame) {
    store.dispatch({ ...frame, watched: isWatched(frame.room) });
    if (!isMe(store.get(), frame.username)) announcer.message(frame);
    else if (byId('message-error').textContent === strings.full) tell('');
  },

  ack: ({ room, id, cid }) => store.dispatch({ type: 'rekey', room, id, key: cid }),

  typing(frame) {
    store.dispatch({ ...frame, now: Date.now() });
    setTimeout(() => store.dispatch({ type: 'everyRoom', action: { type: 'typingOver', now: Date.now() } }), TYPING_MS);
  },

  join: presence,
  leave: presence,

  error({ error }, { entry, refusedRoom } = {}) {
    if (refusedRoom) {
      for (const { cid, body, state } of chat.outbox.of(refusedRoom).reverse())
        chat.outbox.remove(cid), state === 'acked' || composer.take(body, refusedRoom);
      leaveRoom(refusedRoom);
    }
    if (entry) alert(strings.failed(error));
    else tell(error);
  },
};

function frameCame(frame, more) {
  frame.isAway = frame.room === here() && !log.isAtEnd();
  if (Object.hasOwn(frames, frame.type)) frames[frame.type](frame, more);
  else store.dispatch(frame);
}

async function topics() {
  const { rooms: all } = await chat.listRooms().catch(() => ({ rooms: [] }));
  for (const { name, topic = '' } of all) store.dispatch({ type: 'topic', room: name, topic });
  return all;
}

// --- talking ---

// False, and told, if it cannot be sent.
function fitting(text) {
  return bytes(text) > (chat.hello()?.limits?.body ?? Infinity) ? tell(strings.tooLong) : text;
}

function say(text, replyTo) {
  const body = fitting(text);
  const { name, hasNewer } = current();
  if (!body) return false;
  if (!handle(name).post(body, replyTo)) return tell(strings.full);
  store.dispatch({ type: 'clearLine', room: name });
  if (hasNewer) quietly('toNewest');
  else log.toEnd();
  return true;
}

// --- acts ---

const loadAll = part('all');

const quietly = (what, ...args) => loadAll().then((all) => all[what](app, ...args), () => {});

async function later(what, ...args) {
  hold();
  const own = seat;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const all = await Promise.race([loadAll().catch(() => null), late]);
  if (seat !== own) return release();
  if (!all && what.startsWith('open')) release();
  const done = all ? all[what](app, ...args) : tell(strings.notLoaded, () => later(what, ...args));
  composer.catchUp();
  return done;
}

function act(what, item, ...more) {
  if (what === 'reply') composer.reply(item);
  else if (what !== 'edit') later(what, item, ...more);
  else if (item.mine) composer.edit(item);
}

async function apply(event) {
  if (chat.state().phase === 'rejected') return tell(strings.noSupport);
  const room = here();
  const { type, id, body, emoji, on } = event;
  const was = findMessage(current(), id);
  const own = { ...event, room, username: me(), ts: Date.now() };
  store.dispatch({ type: 'apply', room, event: own });
  unmade.add(own);
  try {
    await handle()[type](id, body ?? emoji, on);
  } catch (error) {
    if (error.code === 'lost') return; // we left
    if (was) store.dispatch({ type: 'restore', room, was, event: own });
    if (body) composer.take(body, room);
    tell(strings.didNotWork(error.message));
  } finally {
    unmade.delete(own);
  }
}

function lastOwn() {
  return current().items.findLast((i) => i.mine && i.kind === 'message' && !i.deleted && !i.isLost);
}

function editLast() {
  if (lastOwn() && !current().hasNewer) composer.edit(lastOwn());
  else later('editEarlier');
}

function edit(item, text) {
  if (!text) later('remove', item);
  const body = text && fitting(text);
  if (body && body !== item.body) apply({ type: 'edit', id: item.id, body });
  return body;
}

// --- keys ---

function escape() {
  if (composer.cancel()) return;
  if (current()?.line) store.dispatch({ type: 'clearLine', room: current().name });
  else if (!log.isAtEnd()) log.toEnd();
  else composer.focus();
}

function isStray(event) {
  const { key, target } = event;
  return isCharacter(event) && !target.matches('textarea, input') && !(key === ' ' && target.closest('button, a, [tabindex]'));
}

function nextRoom(by, isUnread) {
  const { order, rooms: all } = store.get();
  const at = order.indexOf(here());
  const others = [...order.slice(at + 1), ...order.slice(0, at)];
  if (by < 0) others.reverse();
  const next = others.find((room) => !isUnread || all[room].unread);
  if (next) goTo(next);
}

function nextRegion(by) {
  const all = ['rooms', 'log', 'composer', 'people'].map(byId).filter((region) => region.checkVisibility());
  const at = all.findIndex((region) => region.contains(document.activeElement));
  const next = all.at(at < 0 && by < 0 ? by : (at + by) % all.length);
  if (!next.matches(':popover-open')) closeAll();
  (next.querySelector('[tabindex="0"], [aria-current="page"], textarea') ?? next).focus();
}

const commands = { k: 'openSwitcher', '/': 'showShortcuts' };

function keyAct(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  const command = (ctrlKey || metaKey) && !altKey && (!shiftKey || key === '/') && commands[key.toLowerCase()];
  if (key === 'F6') return () => nextRegion(shiftKey ? -1 : 1);
  if (command) return () => later(command);
  if (altKey && !ctrlKey && (key === 'ArrowUp' || key === 'ArrowDown')) return () => nextRoom(key === 'ArrowUp' ? -1 : 1, shiftKey);
  return null;
}

document.addEventListener('keydown', (event) => {
  if (byId('chat').hidden || document.querySelector('dialog[open]')) return;
  const keyed = keyAct(event);
  if (keyed) {
    event.preventDefault();
    keyed();
  } else if (event.key === 'Escape' && !event.isComposing && !document.querySelector(':popover-open')) escape();
  else if (isStray(event)) closeAll(), composer.focus();
});
for (const [id, what] of [
  ['room-add', 'openSwitcher'],
  ['settings-open', 'openSettings'],
  ['room-options', 'openRoomOptions'],
  ['search-open', 'openSearch'],
])
  byId(id).addEventListener('click', () => later(what));

// --- showing ---

// Once a frame; a hidden page has none.
function scheduleRender() {
  if (renderPending) return;
  renderPending = true;
  const draw = () => {
    renderPending = false;
    render();
  };
  if (document.hidden) setTimeout(draw, 100);
  else requestAnimationFrame(draw);
}

function render() {
  const state = store.get();
  const room = current();
  if (!seat || !room) return;
  const notices = noticesOf(room.name) ?? (room.count > QUIET_ROOM ? 'hide' : 'fold');
  log.render(room, chat.outbox.of(room.name), { notices });
  rooms.render(state);
  people.render(state, room);
  composer.showTyping(Object.keys(room.typing));
  write(byId('topic'), room.topic);
  status.show(chat.state(), waiting());
}

function storeChanged(state, before) {
  if (!seat) return;
  if (wasIn) showTitle(state);
  if (current()?.read !== roomOf(before, state.current)?.read) {
    announcer.wasRead(state.current);
    markTimer ??= setTimeout(saveMarks, MARK_AFTER_MS);
  }
  scheduleRender();
}

function showTitle(state) {
  const unread = Object.values(state.rooms).reduce((sum, room) => sum + room.unread, 0);
  const title = strings.title(unread, state.current);
  if (document.title !== title) document.title = title;
  showFavicon(unread ? 'icon-unread.svg' : 'icon.svg');
}

function showFavicon(file) {
  if (byId('favicon').getAttribute('href') !== file) byId('favicon').href = file;
}

function saveMarks() {
  clearTimeout(markTimer);
  markTimer = undefined;
  if (!seat) return;
  marks = { ...marks, ...readMarks() };
  for (const { name, epoch, read } of Object.values(store.get().rooms)) {
    if (epoch === null || read === null) continue;
    const known = marks[name]?.epoch === epoch ? marks[name].seq : 0;
    marks[name] = { epoch, seq: Math.max(known, name === here() ? Math.min(read, log.seenUpTo()) : read) };
  }
  browser.set(nameFor('marks'), marks);
}

function redrawAtMidnight() {
  setTimeout(() => (scheduleRender(), redrawAtMidnight()), nextMidnight(Date.now()) - Date.now() + 50);
}

// --- page ---

document.addEventListener('visibilitychange', () => {
  if (!seat) return;
  if (document.hidden) {
    store.dispatch({ type: 'lookAway', room: here(), seq: log.seenUpTo() });
    return;
  }
  chat.cameToView();
  log.looked();
});

const events = {
  online: () => chat.networkCame(),
  offline: () => chat.networkWent(),
  focus: () => log.looked(),
  blur: () => store.dispatch({ type: 'unseen', room: here(), seq: log.seenUpTo() }),
  resize: composer.changed,
  beforeunload: (event) => waiting() && event.preventDefault(),
  pagehide({ persisted }) {
    for (const { body, room } of unmade) if (body && !persisted) composer.take(body, room);
    composer.save();
    saveMarks();
  },
  hashchange: () => roomOfAddress() !== here() && goTo(roomOfAddress()),
  // Another window has read on.
  storage({ key }) {
    if (key !== `hubbub.${nameFor('marks')}`) return;
    marks = readMarks();
    for (const [room, { epoch, seq }] of Object.entries(marks))
      if (roomOf(store.get(), room)?.epoch === epoch) store.dispatch({ type: 'readElsewhere', room, seq });
  },
};
for (const [type, f] of Object.entries(events)) window.addEventListener(type, (event) => seat && f(event));

// iOS lays its keyboard over the page.
window.visualViewport?.addEventListener('resize', () => {
  document.documentElement.style.setProperty('--height', `${window.visualViewport.height * window.visualViewport.scale}px`);
});

redrawAtMidnight();
