// Where a message is written. What is written is kept over a reload until it is sent.
import { byId } from '../dom.js';
import { tab } from '../storage.js';
import { strings } from '../strings.js';

export function createComposer({ onSend, onScroll }) {
  const form = byId('composer');
  const input = byId('message');
  const error = byId('message-error');
  const isTouch = matchMedia('(pointer: coarse)');
  let draft = null; // the key it is stored under

  function fit() {
    input.style.setProperty('height', 'auto');
    input.style.setProperty('height', `${input.scrollHeight + input.offsetHeight - input.clientHeight}px`);
  }

  function showHint() {
    input.setAttribute('enterkeyhint', isTouch.matches ? 'enter' : 'send');
  }

  function complain(text) {
    error.textContent = text;
    return false;
  }

  function save() {
    if (draft) tab.set(draft, input.value || null);
  }

  function write(text) {
    input.value = text;
    complain('');
    fit();
    save();
  }

  function send() {
    if (!input.value.trim()) return;
    if (onSend(input.value.trim())) write('');
    else fit();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
    input.focus();
  });
  input.addEventListener('input', () => {
    complain('');
    fit();
    save();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return; // the Enter of an input method
    const isSend =
      event.key === 'Enter' && (event.ctrlKey || event.metaKey || (!event.shiftKey && !isTouch.matches));
    if (isSend) {
      event.preventDefault();
      send();
    } else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      onScroll(event.key === 'PageUp' ? -1 : 1);
    }
  });
  isTouch.addEventListener('change', showHint);
  showHint();

  return {
    complain,
    save,
    focus: () => input.focus(),
    open(seat, room) {
      draft = `draft ${seat}`;
      input.placeholder = strings.messageTo(room);
      input.setAttribute('aria-label', strings.messageTo(room));
      write(tab.get(draft) ?? '');
    },
    // A message comes back to be changed; what is being written is not lost for it.
    take(text) {
      write(input.value.trim() ? `${text}\n${input.value}` : text);
      input.focus();
    },
  };
}
