// The first page.
import { alert, browser, byId, h, hold, namesIn, once, release, roomOfAddress, showAvatar, tab } from './dom.js';
import { DEFAULT_ROOM, cleanName, cleanRoom } from './hubbub.js';
import { nameFault, roomFault, strings } from './words.js';

const CONNECTING_AFTER_MS = 400;
const RELOAD_PATIENCE_MS = 5_000; // with the connection from before the reload
const behind = 'room store views/frame views/log';

const panel = byId('signin');
const name = byId('name');
const room = byId('room');
const button = byId('join');
let slow = null;
let isBusy = false;
let theme = browser.get('theme');
if (!strings.themes[theme]) theme = 'system';

const load = once(() => {
  // All at once, not as each names the next.
  const links = behind.split(' ').map((module) => h('link', { rel: 'modulepreload', href: `js/${module}.js` }));
  document.head.append(...links);
  return import('./room.js');
});

async function join(wish, options) {
  busy(true);
  const loaded = await load().catch(() => null);
  if (loaded) loaded.join(signin, wish, options);
  else if (!options && (await fetch('').catch(() => null))) {
    tab.set('seat', wish);
    location.reload();
  } else signin.show({ ...wish, error: strings.unreachable });
}

function ask(input) {
  input.focus();
  input.select();
}

function complain(input, text) {
  byId(`${input.id}-error`).textContent = text;
  input.ariaInvalid = text ? 'true' : null;
  if (!text) return;
  alert(text);
  ask(input);
}

function clear() {
  for (const input of [name, room]) complain(input, '');
  byId('signin-error').textContent = '';
  alert('');
}

function showLabel(isSlow = false) {
  button.replaceChildren(...namesIn(isSlow ? [strings.connecting] : strings.joinRoom(cleanRoom(room.value))));
}

function showRoom(wanted) {
  room.value = wanted === DEFAULT_ROOM ? '' : wanted;
  showLabel();
}

function showName() {
  showAvatar(byId('name-avatar'), cleanName(name.value));
}

function busy(value) {
  isBusy = value;
  button.ariaDisabled = String(value);
  clearTimeout(slow);
  showLabel();
  if (value) hold();
  if (value) slow = setTimeout(showLabel, CONNECTING_AFTER_MS, true);
}

name.addEventListener('input', () => {
  load().catch(() => {});
  complain(name, '');
  showName();
});
room.addEventListener('input', () => {
  complain(room, '');
  showLabel();
});
byId('signin-form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (isBusy) return;
  clear();
  const faults = [roomFault(room.value), nameFault(name.value)];
  complain(room, faults[0]);
  complain(name, faults[1]);
  if (!faults.some(Boolean)) join({ name: name.value, room: room.value });
});
window.addEventListener('hashchange', () => panel.hidden || showRoom(roomOfAddress()));

function showTheme() {
  for (const each of document.querySelectorAll('.theme')) {
    each.title = each.ariaLabel = strings.themes[theme];
    each.querySelector('use').setAttribute('href', `#i-theme-${theme}`);
  }
}

for (const each of document.querySelectorAll('.theme'))
  each.addEventListener('click', () => {
    theme = { system: 'light', light: 'dark', dark: 'system' }[theme];
    document.documentElement.dataset.theme = theme;
    browser.set('theme', theme);
    showTheme();
  });
showTheme();

const signin = {
  show(wish) {
    panel.hidden = false;
    release();
    name.value = wish.name;
    showName();
    busy(false);
    showRoom(wish.room);
    clear();
    if (!wish.error) ask(name);
    else if (wish.isNameFault) complain(name, wish.error);
    else {
      byId('signin-error').textContent = wish.error;
      alert(wish.error);
      button.focus();
    }
  },
  hide() {
    panel.hidden = true;
    busy(false);
  },
};

const before = tab.get('seat');
const wish = { name: name.value || browser.get('name') || '', room: room.value || roomOfAddress() };

if (typeof before?.name === 'string' && typeof before.room === 'string') {
  const seat = { name: before.name, room: location.hash && !roomFault(wish.room) ? wish.room : before.room };
  join(seat, { insist: RELOAD_PATIENCE_MS, isBack: true });
} else {
  signin.show(wish);
  if (wish.name) load().catch(() => {});
}
