// The panel of a seat that is gone: why, and the way back.
import { alert, button, byId, h } from '../dom.js';
import { cleanName, nameKey } from '../hubbub.js';
import { nameFault, strings } from '../words.js';

const MINUTES_FROM_S = 120;

const words = {
  title: 'You are not connected',
  unreachable: strings.unreachable,
  replaced: 'You have joined from somewhere else.',
  removed: 'You have been removed.',
  unauthorized: 'Your sign-in has expired.',
  stopped: 'The connection has ended.',
  rejoin: 'Rejoin',
  joinIn: (seconds) => `You can join again in ${seconds < MINUTES_FROM_S ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`}.`,
  name: 'Name',
  join: 'Join',
  unsent: (name) => `Messages of ${name} are waiting to be sent. Please join as ${name}, or sign out.`,
};

let hadFocus = false; // while it is tried to take the seat again, which may fail

// Removed from a room: nothing is to be filled in, and all of the log can be read. Who is banned has no way back.
function wayBack({ retryAt }, rejoin, later) {
  if (!retryAt) return [];
  const note = h('p', { class: 'muted' });
  const back = button({ class: 'primary', onclick: rejoin }, words.rejoin);
  const count = () => {
    const left = Math.ceil((retryAt - Date.now()) / 1000);
    note.textContent = left > 0 ? words.joinIn(left) : '';
    back.hidden = left > 0;
    if (left > 0) later(count);
  };
  count();
  return [note, back];
}

function signIn(app, rejoin) {
  const { me } = app.store.get();
  const name = h('input', { id: 'seat-name', autocomplete: 'nickname', spellcheck: 'false', enterkeyhint: 'go', dir: 'auto', required: true, 'aria-describedby': 'seat-name-error' });
  name.value = me;
  const error = h('p', { id: 'seat-name-error', class: 'error' });
  const onsubmit = (event) => {
    event.preventDefault();
    if (nameKey(cleanName(name.value)) === nameKey(me)) return rejoin();
    error.textContent = nameFault(name.value) || (app.waiting() ? words.unsent(me) : '');
    name.ariaInvalid = error.textContent ? 'true' : null;
    alert(error.textContent);
    if (error.textContent) return name.focus();
    // Somebody else goes by way of the first page.
    app.showPanel({ name: name.value });
    byId('signin-form').requestSubmit();
  };
  return [
    h(
      'form',
      { class: 'seat-form', novalidate: true, onsubmit },
      h('div', { class: 'field' }, h('label', { for: 'seat-name' }, words.name), name, error),
      h('button', { class: 'primary' }, words.join),
    ),
  ];
}

export function showSeatLost(app, state) {
  const chat = app.chat();
  if (chat.state() !== state) return;
  const isRemoval = state.cause === 'removed';
  const rejoin = () => chat.state().phase === 'rejected' && chat.rejoin();
  let timer = null;
  const later = (f) => (timer = setTimeout(f, 1000));
  const reason = state.reason || words[state.cause] || words.stopped;
  const panel = h(
    'section',
    { class: `seat card ${isRemoval ? 'removal' : ''}`, 'aria-label': words.title },
    h('p', { class: 'error block', dir: 'auto' }, reason),
    ...(isRemoval ? wayBack(state, rejoin, later) : signIn(app, rejoin)),
  );
  // It stays while the seat is asked for: a second Enter is not to send the draft.
  const isOver = chat.on('state', ({ phase }) => {
    if (phase === 'connecting' || phase === 'waiting') return;
    isOver();
    clearTimeout(timer);
    hadFocus = panel.contains(document.activeElement);
    panel.remove();
    if (hadFocus) byId('log').focus();
    if (phase !== 'rejected') hadFocus = false;
  });
  byId('log').after(panel);
  alert(reason);
  if (hadFocus) panel.querySelector('input, button')?.focus();
  hadFocus = false;
}
