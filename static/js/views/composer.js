// Where a message is written: a new one, an answer, or another wording of an old one. It is kept, for each room and
// over a reload, until it is sent.
import { button, byId, part, tab, write } from '../dom.js';
import { namesIn } from './rows.js';
import { strings } from '../words.js';

const CONTEXT_MAX = 120;

// on: send(text, replyTo) and change(item, text), false if the text is to stay; scroll(pages); editLast(); typing();
// enterSends(): on a touch screen; here(): the room, and me.
export function createComposer(on) {
  const form = byId('composer');
  const input = byId('message');
  const error = byId('message-error');
  const context = byId('context');
  const isTouch = matchMedia('(pointer: coarse)');
  let place = null; // {seat, room}
  let mode = {}; // {} | {reply: item} | {edit: item, draft: what was being written}

  const loadSuggest = part('suggest');

  const draftName = () => place && `draft ${place.seat} ${place.room}`;

  function fit() {
    input.style.setProperty('height', 'auto');
    input.style.setProperty('height', `${input.scrollHeight + input.offsetHeight - input.clientHeight}px`);
  }

  const enterIsSend = () => !isTouch.matches || on.enterSends();

  function showHint() {
    input.setAttribute('enterkeyhint', enterIsSend() ? 'send' : 'enter');
  }

  function complain(text, retry) {
    const again = () => {
      complain('');
      input.focus();
      retry();
    };
    error.replaceChildren(text, ...(retry ? [' ', button({ onclick: again }, strings.tryAgain)] : []));
    return false;
  }

  function save() {
    if (!place) return;
    const text = mode.edit ? mode.draft : input.value;
    tab.set(draftName(), text || null);
  }

  function changed() {
    fit();
    save();
  }

  function setText(text) {
    input.value = text;
    complain('');
    list.close();
    changed();
  }

  function setMode(next) {
    mode = next;
    const item = mode.edit ?? mode.reply;
    context.hidden = !item;
    form.dataset.mode = mode.edit ? 'edit' : mode.reply ? 'reply' : '';
    if (!item) return;
    const who = item.mine ? strings.you : item.username;
    write(byId('context-what'), mode.edit ? strings.editing : `${strings.replying} ${who}`);
    write(byId('context-text'), mode.edit ? strings.escCancels : item.body.slice(0, CONTEXT_MAX));
  }

  function cancel() {
    if (list.close()) return true;
    if (mode.edit) {
      const { draft } = mode;
      setMode({});
      setText(draft);
    } else if (mode.reply) setMode({});
    else return false;
    return true;
  }

  function send() {
    const text = input.value.trim();
    const { edit, reply } = mode;
    if (edit) {
      if (on.change(edit, text)) cancel();
      return;
    }
    if (!text) return;
    if (on.send(text, reply?.id)) {
      setMode({});
      setText('');
    } else fit();
  }

  let list = { close: () => false, key: () => false, update: loadList }; // until the first @

  async function loadList() {
    if (!input.value.includes('@')) return;
    const suggest = await loadSuggest().catch(() => null);
    if (!suggest) complain(strings.notLoaded, loadList);
    else if (list.update === loadList) {
      list = suggest.createSuggestions({ input, here: on.here, changed });
      list.update();
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
    input.focus();
  });
  input.addEventListener('input', () => {
    complain('');
    changed();
    list.update();
    if (input.value.trim() && !mode.edit) on.typing();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return; // the Enter of an input method
    if (list.key(event)) return;
    const isSend =
      event.key === 'Enter' && (event.ctrlKey || event.metaKey || (!event.shiftKey && enterIsSend()));
    if (isSend) {
      event.preventDefault();
      send();
    } else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      on.scroll(event.key === 'PageUp' ? -1 : 1);
    } else if (event.key === 'ArrowUp' && !input.value && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      on.editLast();
    }
  });
  input.addEventListener('blur', () => list.close());
  byId('context-cancel').addEventListener('click', () => {
    cancel();
    input.focus();
  });
  isTouch.addEventListener('change', showHint);

  return {
    complain,
    save,
    cancel,
    focus: () => input.focus(),
    open(seat, room) {
      if (place?.seat === seat && place.room === room) return;
      cancel();
      save();
      place = { seat, room };
      showHint();
      input.placeholder = input.ariaLabel = strings.messageTo(room);
      setMode({});
      setText(tab.get(draftName()) ?? '');
    },
    lock(isLocked) {
      input.readOnly = isLocked;
      form.classList.toggle('locked', isLocked);
    },
    reply(item) {
      cancel();
      setMode({ reply: item });
      input.focus();
    },
    edit(item) {
      cancel();
      setMode({ edit: item, draft: input.value });
      input.value = item.body;
      fit();
      input.focus();
      input.setSelectionRange(input.value.length, input.value.length);
    },
    // What is being written is not lost for it.
    take(text) {
      cancel();
      setText(input.value.trim() ? `${text}\n${input.value}` : text);
      input.focus();
    },
    mention(name) {
      const { value, selectionStart: at } = input;
      const before = value.slice(0, at);
      const space = before && !/\s$/u.test(before) ? ' ' : '';
      input.setRangeText(`${space}@${name} `, at, input.selectionEnd, 'end');
      changed();
      input.focus();
    },
    showTyping(names) {
      const typing = byId('typing');
      if (names.length || typing.firstChild) typing.replaceChildren(...namesIn(strings.typing(names)));
    },
  };
}
