// Puts the parts together: what a person does and what the server says meet here.
import { createAnnouncer, showTitle } from './announce.js';
import { createConnection } from './connection.js';
import { byId } from './dom.js';
import { nextMidnight } from './format.js';
import { bindKeys } from './keys.js';
import { createOutbox } from './outbox.js';
import { DEFAULT_ROOM, cleanName, cleanRoom, encodeMessage, isTooLong, nameKey } from './protocol.js';
import { browser, tab } from './storage.js';
import { createStore, isMe } from './store.js';
import { strings } from './strings.js';
import { createComposer } from './views/composer.js';
import { createLog } from './views/log.js';
import { createPeople } from './views/people.js';
import { createSignin } from './views/signin.js';
import { createStatus } from './views/status.js';
import { bindTheme } from './views/theme.js';

const ECHO_MS = 10_000; // a message that is not back by then went into a dead connection
const RELOAD_PATIENCE_MS = 5_000; // for the connection of this page before it was reloaded

const store = createStore();
const announcer = createAnnouncer(() => store.get().room);
const outbox = createOutbox({ storage: tab, changed: scheduleRender });
let seat = null; // {name, room} while we are in or want to be
let wasOnline = false;
let lostAt = 0;
let echoTimer;
let renderPending = false;

const connection = createConnection({
  page: () => location.href,
  onChange: connectionChanged,
  onFrame: frameCame,
});
const signin = createSignin({ onJoin: (wish) => join(wish) });
const log = createLog({
  onRetry: (key) => (outbox.retry(key), flush()),
  onRemove: (key) => outbox.remove(key),
  onEdit: (key) => composer.take(outbox.remove(key).body),
  onSeen: () => store.dispatch({ type: 'read' }),
  onScroll: scheduleRender,
});
const composer = createComposer({ onSend: say, onScroll: (pages) => log.page(pages) });
const people = createPeople({ onLeave: leave });
const status = createStatus({ onRetry: () => connection.retryNow() });

// --- coming and going -------------------------------------------------------------------------

function roomOfAddress() {
  const [, fromHash] = location.hash.match(/^#\/r\/([^/]+)$/) ?? [];
  try {
    return cleanRoom(
      decodeURIComponent(fromHash ?? '') || new URLSearchParams(location.search).get('room') || '',
    );
  } catch {
    return DEFAULT_ROOM;
  }
}

function showAddress(room) {
  if (roomOfAddress() === room) return;
  history.pushState(null, '', `#/r/${encodeURIComponent(room)}`);
}

function join({ name, room }, options) {
  seat = { name: cleanName(name), room: cleanRoom(room) };
  wasOnline = false;
  browser.set('name', seat.name);
  signin.busy(true);
  connection.start(seat, options);
}

function leave() {
  connection.stop();
  tab.set('seat', null);
  showPanel({});
}

function showPanel(problem) {
  seat = null;
  clearTimeout(echoTimer);
  outbox.connectionLost();
  composer.save();
  byId('chat').hidden = true;
  people.close();
  announcer.stop();
  document.title = strings.app;
  signin.show({ name: browser.get('name') ?? '', room: roomOfAddress(), ...problem });
}

// In for the first time, or back.
function entered() {
  const { name, room } = seat;
  if (wasOnline) {
    store.dispatch({ type: 'gap', from: lostAt, now: Date.now() });
  } else {
    wasOnline = true;
    showAddress(room);
    tab.set('seat', seat);
    store.dispatch({ type: 'enter', me: name, room });
    outbox.open(`${nameKey(name)} ${room}`);
    signin.hide();
    byId('chat').hidden = false;
    log.reset();
    composer.open(`${nameKey(name)} ${room}`, room);
    composer.focus();
  }
  flush();
}

function connectionChanged(state, before) {
  if (before.phase === 'online') {
    lostAt = Date.now();
    clearTimeout(echoTimer);
    outbox.connectionLost();
  }
  if (state.phase === 'online') entered();
  if (state.phase === 'rejected') rejected(state);
  status.show(state, outbox.waiting());
}

function rejected({ cause, reason }) {
  tab.set('seat', null);
  const text = reason || strings[cause] || strings.noSupport;
  showPanel({
    name: seat.name,
    room: seat.room,
    error: text,
    isNameFault: cause === 'taken' || cause === 'invalid',
  });
}

// --- talking ----------------------------------------------------------------------------------

// False if the text could not be taken, so that it stays where it is.
function say(text) {
  const body = text.toWellFormed?.() ?? text;
  if (isTooLong(body)) return composer.complain(strings.tooLong);
  if (!outbox.add(body)) return composer.complain(strings.full);
  store.dispatch({ type: 'clearLine' });
  log.toEnd();
  flush();
  return true;
}

function flush() {
  if (connection.state().phase !== 'online') return;
  const entry = outbox.take();
  if (!entry) return;
  connection.send(encodeMessage(entry.body));
  echoTimer = setTimeout(() => connection.drop(), ECHO_MS);
}

const frames = {
  message(frame) {
    const key = isMe(store.get(), frame.username) ? outbox.confirm(frame.body) : null;
    const watched = !document.hidden && log.isAtEnd();
    store.dispatch({ ...frame, key, watched });
    if (!isMe(store.get(), frame.username)) announcer.message(frame);
    if (key) {
      clearTimeout(echoTimer);
      flush();
    }
  },
  join(frame) {
    if (isMe(store.get(), frame.username)) store.dispatch({ type: 'named', me: frame.username });
    store.dispatch({ ...frame, now: Date.now() });
  },
  leave: (frame) => store.dispatch({ ...frame, now: Date.now() }),
  users: (frame) => store.dispatch(frame),
  error(frame) {
    clearTimeout(echoTimer);
    if (outbox.refuse(frame.error)) announcer.alert(strings.failed(frame.error));
    else composer.complain(frame.error);
    flush();
  },
};

function frameCame(frame) {
  frames[frame.type](frame);
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
  if (!seat) return;
  const state = store.get();
  log.render(state, outbox.entries());
  people.render(state);
  status.show(connection.state(), outbox.waiting());
}

store.subscribe((state) => {
  if (seat) showTitle(state);
  scheduleRender();
});

function redrawAtMidnight() {
  setTimeout(() => (scheduleRender(), redrawAtMidnight()), nextMidnight(Date.now()) - Date.now() + 50);
}

// --- the world around the page ----------------------------------------------------------------

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    store.dispatch({ type: 'lookAway' });
    return;
  }
  connection.cameToView();
  log.looked();
});
window.addEventListener('online', () => connection.networkCame());
window.addEventListener('offline', () => connection.networkWent());
window.addEventListener('beforeunload', (event) => {
  if (seat && outbox.entries().length) event.preventDefault();
});
window.addEventListener('pagehide', () => composer.save());
window.addEventListener('hashchange', changeRoom);

function changeRoom() {
  const room = roomOfAddress();
  if (!seat) signin.show({ name: signin.name(), room });
  else if (room !== seat.room) {
    const { name } = seat;
    composer.save();
    connection.stop();
    join({ name, room }, { insist: RELOAD_PATIENCE_MS });
  }
}

// iOS lays its keyboard over the page and says so only here.
function fitKeyboard() {
  const { height } = window.visualViewport;
  document.documentElement.style.setProperty('--height', `${height}px`);
}
window.visualViewport?.addEventListener('resize', fitKeyboard);

bindTheme();
bindKeys({
  focusComposer: () => composer.focus(),
  escape() {
    if (store.get().line) store.dispatch({ type: 'clearLine' });
    else if (!log.isAtEnd()) log.toEnd();
    else composer.focus();
  },
});
redrawAtMidnight();

const before = tab.get('seat');
showPanel({});
if (before?.name && before.room === roomOfAddress()) join(before, { insist: RELOAD_PATIENCE_MS });
