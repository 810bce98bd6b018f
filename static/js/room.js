// The room: what a person does and what the server says meet here. Loaded while somebody signs in (main.js).
import { browser, byId, tab, write } from './dom.js';
import { nextMidnight } from './format.js';
import { connect } from './hubbub.js';
import { DEFAULT_ROOM, bytes, cleanName, cleanRoom, nameKey, roomFault } from './protocol.js';
import { createStore, isMe, roomOf } from './store.js';
import { strings } from './strings.js';
import { createComposer } from './views/composer.js';
import { createLog } from './views/log.js';
import { createPeople, createRooms, roomAddress } from './views/sides.js';
import { roomOfAddress } from './views/signin.js';
import { createStatus } from './views/status.js';

const LAST = 50; // messages to begin with
const PAGE = 50;
const FAR_PAGE = 200;
const MARK_AFTER_MS = 1_000;
const TYPING_MS = 5_050;
const QUIET_ROOM = 50; // people; in a larger room coming and going is not shown unless asked for

const store = createStore();
const loading = new Set();
let signin = null;
let chat = null;
let seat = null; // {name, room} while we are in or want to be
let wasIn = false;
let build = null; // of the server when this page was loaded
let marks = {}; // {room: {epoch, seq}}: up to where one has read
let settings = browser.get('settings') ?? {};
let markTimer;
let renderPending = false;

const current = () => store.room();
const handle = (room = store.get().current) => chat?.room(room);
const me = () => store.get().me;

const log = createLog({
  me,
  on: {
    act,
    retry: (cid) => chat.retry(cid),
    remove: (cid) => chat.outbox.remove(cid),
    change: ({ cid }) => composer.take(chat.outbox.remove(cid).body),
    react: (item, emoji, isOn) => withLater((l) => l.react(item, emoji, isOn)),
    pick: (item, button) => act('react', item, button),
    showEdits: (item) => act('showEdits', item),
    find: (id) => withLater((l) => l.findOlder(id)),
    load: loadHole,
    older,
    newer: () => ask('after', { after: lastSeq(), limit: PAGE }),
    newest: toNewest,
    seen: () => store.dispatch({ type: 'read', room: current().name }),
  },
});
const composer = createComposer({
  send: say,
  change: (item, text) => later.edit(item, text),
  scroll: (pages) => log.page(pages),
  editLast: () => withLater((l) => l.editLast()),
  typing: () => handle()?.typing(),
  enterSends: () => settings.enterSends === true,
  suggest: (start) => later?.suggest(start) ?? [],
});
const rooms = createRooms({ onSignOut: signOut });
const people = createPeople({ onMention: (name) => composer.mention(name) });
const status = createStatus({
  retry: () => chat.retryNow(),
  rejoin: () => chat.rejoin(),
  reload: () => location.reload(),
});

// What is needed only once one is in: see later.js, which gets all this.
const app = {
  chat: () => chat,
  me,
  store,
  current,
  handle,
  settings: () => settings,
  change(fields) {
    settings = { ...settings, ...fields };
    browser.set('settings', settings);
    scheduleRender();
  },
  composer,
  log,
  goTo,
  leaveRoom,
  ask,
  older,
  render,
  tell,
  isTooLong,
};
let later = null; // once it is there
let loadingLater = null;

function load() {
  loadingLater ??= import('./later.js').then(
    (module) => (later = module.start(app)),
    () => (loadingLater = null),
  );
  return loadingLater;
}

function withLater(f) {
  if (later) f(later);
  else load().then((loaded) => loaded && f(loaded));
}

// --- coming and going -------------------------------------------------------------------------

function showAddress(room) {
  if (roomOfAddress() !== room) history.pushState(null, '', roomAddress(room));
}

export function start(panel) {
  signin = panel;
}

export function join({ name, room }, { insist, isBack = false } = {}) {
  chat?.close();
  seat = { name: cleanName(name), room: cleanRoom(room) };
  wasIn = false;
  browser.set('name', seat.name);
  marks = browser.get(marksName()) ?? {};
  store.dispatch({ type: 'start', me: seat.name });
  chat = connect({ name: seat.name, storage: tab, insist });
  chat.on('state', stateChanged);
  chat.on('hello', serverChanged);
  chat.on('frame', frameCame);
  chat.on('outbox', scheduleRender);
  if (isBack) showChat();
  else signin.busy(true);
  enterRoom(seat.room);
  const known = browser.get(roomsName());
  for (const other of Array.isArray(known) ? known : []) if (other !== seat.room) enterRoom(other);
  store.dispatch({ type: 'open', room: seat.room });
  if (isBack) open(seat.room);
}

function roomsName() {
  return `rooms ${nameKey(seat.name)}`;
}

function marksName() {
  return `marks ${nameKey(seat.name)}`;
}

function enterRoom(room) {
  store.dispatch({ type: 'enter', room });
  chat.join(room, { last: LAST });
}

function showChat() {
  signin.hide();
  byId('chat').hidden = false;
}

function open(room) {
  seat.room = room;
  store.dispatch({ type: 'open', room });
  tab.set('seat', seat);
  showAddress(room);
  composer.open(nameKey(seat.name), room);
  later?.wasRead(room);
  render();
  if (matchMedia('(hover: hover)').matches || document.activeElement === document.body) composer.focus();
  log.looked();
}

// Into a room, whether or not one is in it already.
function goTo(room) {
  const clean = cleanRoom(room);
  if (!seat || roomFault(clean)) return;
  if (!roomOf(store.get(), clean)) enterRoom(clean);
  if (clean !== store.get().current) {
    composer.save();
    store.dispatch({ type: 'lookAway', room: store.get().current });
  }
  open(clean);
}

function leaveRoom(room) {
  chat.room(room)?.leave().catch(() => {});
  forgetRoom(room);
}

function forgetRoom(room) {
  log.forget(room);
  store.dispatch({ type: 'left', room });
  saveRooms();
  if (store.get().current) open(store.get().current);
  else goTo(DEFAULT_ROOM);
}

function saveRooms() {
  browser.set(roomsName(), store.get().order);
}

function signOut() {
  chat.close({ forget: true });
  showPanel({});
}

function showPanel(problem) {
  saveMarks();
  composer.save();
  seat = null;
  tab.set('seat', null);
  chat?.close();
  byId('chat').hidden = true;
  rooms.close();
  people.close();
  log.close();
  later?.stop();
  document.title = strings.app;
  byId('favicon').href = 'icons.svg';
  signin.show({ name: browser.get('name') ?? '', room: roomOfAddress(), ...problem });
}

function stateChanged(state, before) {
  if (before.phase === 'online') store.dispatch({ type: 'everyRoom', action: { type: 'out' } });
  if (state.phase === 'rejected' && seat) rejected(state);
  composer.lock(state.phase === 'rejected');
  scheduleRender();
}

// A name that is refused is asked for again; whoever was in otherwise keeps the log in sight.
function rejected({ cause, reason }) {
  const isNameFault = cause === 'taken' || cause === 'invalid';
  if (wasIn && !isNameFault) return;
  const error = reason || strings[cause] || strings.noSupport;
  showPanel({ name: seat.name, room: seat.room, error, isNameFault });
}

function serverChanged(hello) {
  build ??= hello.build;
  if (hello.build && hello.build !== build) status.newVersion();
}

// --- what the server says ---------------------------------------------------------------------

const isWatched = (room) => room === store.get().current && !document.hidden && log.isAtEnd();

const frames = {
  joined(frame, { isFirst, was }) {
    const { room, username, users, count } = frame;
    if (was !== room) store.dispatch({ type: 'rename', room: was, to: room });
    if (seat.room === was) seat.room = room;
    store.dispatch({ type: 'named', me: username });
    store.dispatch({
      ...frame,
      mark: marks[room],
      asked: LAST,
      now: Date.now(),
      watched: isWatched(room),
    });
    saveRooms();
    if (!wasIn) {
      wasIn = true;
      showChat();
      open(seat.room);
      load().then((loaded) => loaded?.topics());
    }
    if (count > users.length) handle(room).users().then((f) => store.dispatch(f), () => {});
    const hole = isFirst ? null : roomOf(store.get(), room)?.items.findLast((i) => i.kind === 'hole');
    if (hole) loadHole(hole, room);
    log.looked();
  },

  message(frame) {
    store.dispatch({ ...frame, watched: isWatched(frame.room) });
    if (!isMe(store.get(), frame.username)) later?.tellOthers(frame);
  },

  ack({ room, id, cid }) {
    store.dispatch({ type: 'rekey', room, id, key: cid });
  },

  typing(frame) {
    store.dispatch({ ...frame, now: Date.now() });
    setTimeout(() => {
      store.dispatch({ type: 'everyRoom', action: { type: 'typingOver', now: Date.now() } });
    }, TYPING_MS);
  },

  join: (frame) => store.dispatch({ ...frame, ts: frame.ts ?? Date.now() }),
  leave: (frame) => store.dispatch({ ...frame, ts: frame.ts ?? Date.now() }),

  error(frame, { entry, refusedRoom } = {}) {
    if (entry) later?.alert(strings.failed(frame.error));
    else tell(frame.error);
    if (refusedRoom) forgetRoom(refusedRoom);
  },

  bye: () => {},
};

function frameCame(frame, more) {
  if (Object.hasOwn(frames, frame.type)) frames[frame.type](frame, more);
  else store.dispatch(frame);
}

function tell(text) {
  composer.complain(text);
  return false;
}

// --- talking ----------------------------------------------------------------------------------

function act(...args) {
  withLater((l) => l.act(...args));
}

function isTooLong(body) {
  return bytes(body) > (chat.hello()?.limits?.body ?? Infinity);
}

// False if the text could not be taken, so that it stays where it is.
function say(text, replyTo) {
  const body = text.toWellFormed?.() ?? text;
  const { name, hasNewer } = current();
  if (isTooLong(body)) return tell(strings.tooLong);
  if (!chat.room(name).post(body, replyTo)) return tell(strings.full);
  store.dispatch({ type: 'clearLine', room: name });
  if (hasNewer) toNewest();
  else log.toEnd();
  return true;
}

// --- history ----------------------------------------------------------------------------------

const firstSeq = () => current().items.find((item) => item.id && !item.isLost)?.seq;
const lastSeq = () => current().items.findLast((item) => item.id && !item.isLost)?.seq;

// One page at a time. False if there was none.
async function ask(where, query, { room = store.get().current, ...more } = {}) {
  const what = `${room} ${where}`;
  if (loading.has(what)) return false;
  loading.add(what);
  try {
    const page = await chat.room(room).history(query);
    store.dispatch({ ...page, room, where, ...more });
    return true;
  } catch {
    return false;
  } finally {
    loading.delete(what);
  }
}

function older(limit = PAGE) {
  const before = firstSeq();
  return before === undefined ? false : ask('before', { before, limit });
}

async function toNewest() {
  if (!(await ask('newest', { limit: PAGE }))) return;
  log.moved();
  render();
  log.toEnd();
}

function loadHole({ before, key }, room = store.get().current) {
  return ask('hole', { before, limit: FAR_PAGE }, { room, key });
}

// --- showing ----------------------------------------------------------------------------------

// Together once a frame, or soon when nobody looks and there are no frames.
function scheduleRender() {
  if (renderPending) return;
  renderPending = true;
  if (document.hidden) setTimeout(render, 100);
  else requestAnimationFrame(render);
}

function render() {
  renderPending = false;
  const state = store.get();
  const room = current();
  if (!seat || !room) return;
  const own = settings.rooms?.[room.name];
  log.render(room, chat.outbox.of(room.name), {
    notices: own?.notices ?? (room.count > QUIET_ROOM ? 'hide' : 'fold'),
  });
  rooms.render(state);
  people.render(state, room);
  composer.showTyping(Object.keys(room.typing));
  write(byId('topic'), room.topic);
  status.show(chat.state(), chat.outbox.waiting());
}

store.subscribe((state, before) => {
  if (!seat) return;
  if (wasIn) showTitle(state);
  if (current()?.read !== roomOf(before, state.current)?.read) {
    later?.wasRead(state.current);
    markTimer ??= setTimeout(saveMarks, MARK_AFTER_MS);
  }
  scheduleRender();
});

function showTitle(state) {
  const unread = Object.values(state.rooms).reduce((sum, room) => sum + room.unread, 0);
  const title = strings.title(unread, state.current);
  if (document.title !== title) document.title = title;
  const icon = unread ? 'icon-unread.svg' : 'icons.svg';
  if (byId('favicon').getAttribute('href') !== icon) byId('favicon').href = icon;
}

function saveMarks() {
  clearTimeout(markTimer);
  markTimer = undefined;
  if (!seat) return;
  // Another window may have read on, and its word of that be still under way.
  marks = { ...marks, ...browser.get(marksName()) };
  for (const { name, epoch, read } of Object.values(store.get().rooms)) {
    if (epoch === null || read === null) continue;
    const known = marks[name]?.epoch === epoch ? marks[name].seq : 0;
    marks[name] = { epoch, seq: Math.max(known, read) };
  }
  browser.set(marksName(), marks);
}

function redrawAtMidnight() {
  setTimeout(() => (scheduleRender(), redrawAtMidnight()), nextMidnight(Date.now()) - Date.now() + 50);
}

// --- the world around the page ----------------------------------------------------------------

document.addEventListener('visibilitychange', () => {
  if (!seat) return;
  if (document.hidden) {
    store.dispatch({ type: 'lookAway', room: store.get().current });
    return;
  }
  chat.cameToView();
  log.looked();
});
window.addEventListener('online', () => seat && chat.networkCame());
window.addEventListener('offline', () => seat && chat.networkWent());
window.addEventListener('beforeunload', (event) => {
  if (seat && chat.outbox.waiting()) event.preventDefault();
});
window.addEventListener('pagehide', () => {
  composer.save();
  saveMarks();
});
window.addEventListener('hashchange', () => {
  const room = roomOfAddress();
  if (seat && room !== store.get().current) goTo(room);
});
// Another window of this browser has read on.
window.addEventListener('storage', (event) => {
  if (!seat || event.key !== `hubbub.${marksName()}`) return;
  marks = browser.get(marksName()) ?? {};
  for (const [room, { epoch, seq }] of Object.entries(marks))
    if (roomOf(store.get(), room)?.epoch === epoch) store.dispatch({ type: 'readElsewhere', room, seq });
});

// iOS lays its keyboard over the page and says so only here.
function fitKeyboard() {
  const { height } = window.visualViewport;
  document.documentElement.style.setProperty('--height', `${height}px`);
}
window.visualViewport?.addEventListener('resize', fitKeyboard);

redrawAtMidnight();
