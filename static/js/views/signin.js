// The panel in front of the room: who are you, where do you want to go?
import { byId, showAvatar } from '../dom.js';
import { DEFAULT_ROOM, cleanName, cleanRoom, nameFault, roomFault } from '../protocol.js';
import { strings } from '../strings.js';

const CONNECTING_AFTER_MS = 400;

// Which room the address means.
export function roomOfAddress() {
  const [, fromHash] = location.hash.match(/^#\/r\/([^/]+)$/) ?? [];
  try {
    return cleanRoom(
      decodeURIComponent(fromHash ?? '') || new URLSearchParams(location.search).get('room') || '',
    );
  } catch {
    return DEFAULT_ROOM;
  }
}

export function createSignin({ onInput, onJoin }) {
  const panel = byId('signin');
  const form = byId('signin-form');
  const name = byId('name');
  const room = byId('room');
  const button = byId('join');
  const avatar = byId('name-avatar');
  let slow = null;
  let isBusy = false;

  function complain(input, text) {
    const error = byId(`${input.id}-error`);
    error.textContent = text;
    if (!text) {
      input.removeAttribute('aria-invalid');
      return;
    }
    input.setAttribute('aria-invalid', 'true');
    input.focus();
    input.select();
  }

  function clear() {
    for (const input of [name, room]) complain(input, '');
    byId('signin-error').textContent = '';
  }

  function showLabel(isSlow = false) {
    button.textContent = isSlow ? strings.connecting : strings.joinRoom(cleanRoom(room.value));
  }

  function busy(value) {
    isBusy = value;
    button.setAttribute('aria-disabled', String(value));
    clearTimeout(slow);
    showLabel();
    if (value) slow = setTimeout(showLabel, CONNECTING_AFTER_MS, true);
  }

  name.addEventListener('input', () => {
    onInput();
    complain(name, '');
    showAvatar(avatar, cleanName(name.value));
  });
  room.addEventListener('input', () => {
    complain(room, '');
    showLabel();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (isBusy) return;
    clear();
    const roomProblem = roomFault(room.value);
    const nameProblem = nameFault(name.value);
    if (roomProblem) complain(room, strings[roomProblem]);
    if (nameProblem) complain(name, strings[nameProblem]);
    if (!roomProblem && !nameProblem) onJoin({ name: name.value, room: room.value });
  });

  window.addEventListener('hashchange', () => {
    if (panel.hidden) return;
    room.value = roomOfAddress() === DEFAULT_ROOM ? '' : roomOfAddress();
    showLabel();
  });

  return {
    busy,
    name: () => name.value,
    show(wish) {
      panel.hidden = false;
      name.value = wish.name;
      room.value = wish.room === DEFAULT_ROOM ? '' : wish.room;
      showAvatar(avatar, cleanName(wish.name));
      busy(false);
      clear();
      if (!wish.error) {
        name.focus();
        name.select();
      } else if (wish.isNameFault) {
        complain(name, wish.error);
      } else {
        byId('signin-error').textContent = wish.error;
        button.focus();
      }
    },
    hide() {
      panel.hidden = true;
      busy(false);
    },
  };
}
