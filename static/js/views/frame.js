// What stands around the log.
import { alert, avatar, button, byId, h, hide, namesIn, once, part, reconcile, release, roomAddress, showAvatar, tab, write } from '../dom.js';
import { isMe, mentions } from '../store.js';
import { strings } from '../words.js';

const SHOWN_MAX = 500;
const FACES = 3;
const UNREAD_MAX = 99;
const LOST_AFTER_MS = 1_000;
const CONNECTING_AFTER_MS = 400;
const BACK_MS = 2_000;
const COUNT_FROM_S = 5;
const CONTEXT_MAX = 120;
const LINES_KEPT = 20;
const BURST = 3; // in BURST_MS
const BURST_MS = 2_000;

function drawer(id, from) {
  const panel = byId(id);
  const close = () => panel.matches(':popover-open') && panel.hidePopover();
  panel.addEventListener('focusout', ({ relatedTarget: to }) => to && !panel.contains(to) && close());
  matchMedia(`(min-width: ${from})`).addEventListener('change', close);
  return close;
}

export function createRooms({ onSignOut }) {
  const list = byId('room-list');
  const close = drawer('rooms', '40rem');
  let shown = null;

  function build({ name, isCurrent, unread, isMentioned, isTyping }) {
    const mark = (kind, text) => h('span', { class: kind, 'aria-hidden': 'true' }, text);
    const number = `${isMentioned ? '@ ' : ''}${unread > UNREAD_MAX ? `${UNREAD_MAX}+` : unread}`;
    const link = {
      class: `room-link${unread ? ' unread' : ''}`,
      href: roomAddress(name),
      'aria-current': isCurrent && 'page',
      'aria-label': strings.roomLabel(name, unread, isMentioned),
      title: name,
      'data-focus': 'room',
    };
    const parts = [
      mark('hash', '#'),
      h('span', { class: 'room-link-name', dir: 'auto' }, name),
      isTyping && mark('dots', '…'),
      unread > 0 && mark(`badge${isMentioned ? ' mentioned' : ''}`, number),
    ];
    return h('li', {}, h('a', link, ...parts));
  }

  byId('leave').addEventListener('click', onSignOut);
  list.addEventListener('click', (event) => event.target.closest('a') && close());

  return {
    close,
    render(state) {
      if (state === shown) return;
      shown = state;
      const rows = state.order.map((name) => {
        const { unread, mentions, typing } = state.rooms[name];
        const isCurrent = name === state.current;
        const isTyping = !isCurrent && Object.keys(typing).length > 0;
        const row = { name, isCurrent, unread, isMentioned: mentions > 0, isTyping };
        return { key: name, sig: Object.values(row), ...row };
      });
      reconcile(list, rows, build);
      hide(byId('elsewhere'), !rows.some((row) => !row.isCurrent && row.unread));
      write(byId('my-name'), state.me);
      byId('my-name').title = state.me;
      showAvatar(byId('my-avatar'), state.me);
    },
  };
}

export function createPeople({ onMention }) {
  const close = drawer('people', '60rem');
  let shown = [];

  function build({ name, isOwn }) {
    const face = [avatar(name), h('span', { class: 'person-name', dir: 'auto', title: name }, name)];
    if (isOwn) return h('li', { class: 'person' }, ...face, h('span', { class: 'muted' }, strings.youMark));
    const mark = h('span', { class: 'icon', 'aria-hidden': 'true' }, '@');
    const mention = () => {
      close();
      onMention(name);
    };
    return h('li', {}, button({ class: 'person', title: strings.mention(name), onclick: mention }, ...face, mark));
  }

  return {
    close,
    render(state, { users, count }) {
      if (users === shown[0] && state.me === shown[1] && count === shown[2]) return;
      shown = [users, state.me, count];
      const rows = users.slice(0, SHOWN_MAX).map((name) => {
        const isOwn = isMe(state, name);
        return { key: name, sig: [isOwn], name, isOwn };
      });
      reconcile(byId('people-list'), rows, build);
      write(byId('people-more'), count > rows.length ? strings.andMore(count - rows.length) : '');
      for (const each of document.querySelectorAll('.people-count')) write(each, String(count));
      write(byId('people-word'), strings.peopleWord(count));
      byId('faces').replaceChildren(...users.slice(0, FACES).map(avatar));
    },
  };
}

export function createAnnouncer({ store, settings, goTo }) {
  const lines = byId('announcer');
  let recent = []; // {at, room, line}
  let held = null; // {room: how many}
  let timer = null;
  let notifier = null;

  const loadNotifier = once(async (again) => {
    const { createNotifier } = await import(`../later/notify.js${again}`);
    notifier = createNotifier({ onOpen: goTo, isSilent: () => settings().sound !== true });
    return notifier;
  });
  const withNotifier = (f) => loadNotifier().then(f, () => {});

  function speak(text) {
    const line = h('p', { dir: 'auto' }, text);
    lines.append(line);
    while (lines.children.length > LINES_KEPT) lines.firstChild.remove();
    return line;
  }

  function release() {
    timer = null;
    for (const [room, n] of held) speak(strings.spokenMany(n, room));
    held = null;
  }

  function announce(text, room) {
    const at = Date.now();
    const said = { at, room };
    recent = [...recent.slice(-BURST).filter((one) => at - one.at < BURST_MS), said];
    if (recent.length <= BURST && !held) {
      said.line = speak(text);
      return;
    }
    held ??= new Map();
    timer ??= setTimeout(release, BURST_MS);
    for (const one of recent) {
      if (!one.line && one !== said) continue;
      one.line?.remove();
      one.line = null;
      held.set(one.room, (held.get(one.room) ?? 0) + 1);
    }
  }

  const isHere = (room) => room === store.get().current;
  const isMention = (body) => mentions(body, store.get().me);

  function call({ room, username, body }) {
    const level = settings().rooms?.[room]?.notify ?? 'mentions';
    const isWanted = level === 'all' || (level === 'mentions' && isMention(body));
    return isWanted && (document.hidden || !isHere(room)) && withNotifier((n) => n.tell(room, { username, body }));
  }

  return {
    call,
    message(frame) {
      const { room, username, body } = frame;
      if (isHere(room) || isMention(body)) announce(strings.spoken(username, body, isHere(room) ? '' : room), room);
      call(frame);
    },
    wasRead: (room) => notifier?.read(room),
    chime: () => withNotifier((n) => n.chime()),
    stop() {
      clearTimeout(timer);
      timer = held = null;
      recent = [];
      lines.replaceChildren();
      alert('');
    },
  };
}

const isTrouble = (state) => state?.phase === 'waiting' || state?.phase === 'connecting';

export function createStatus(on) {
  const bar = byId('status');
  const action = byId('retry');
  let isShown = false;
  let current = null;
  let waiting = 0;
  let timer = null;
  let press = null;
  let isNewVersion = false;

  action.addEventListener('click', () => (press(), byId('log').focus()));

  function setBar(kind = '', text = '', detail = '', label = '', f = on.retry) {
    isShown = Boolean(kind) && kind !== 'news';
    bar.classList.toggle('sr-only', !kind);
    bar.dataset.kind = kind;
    write(byId('status-text'), text);
    write(byId('status-detail'), detail);
    write(action, label);
    hide(action, !label);
    press = f;
  }

  function after(ms, f) {
    clearTimeout(timer);
    timer = setTimeout(f, ms);
  }

  function trouble() {
    const { phase, cause, retryAt } = current;
    const isWaiting = phase === 'waiting';
    const seconds = isWaiting ? Math.ceil((retryAt - Date.now()) / 1000) : 0;
    const next = seconds >= COUNT_FROM_S ? strings.retryIn(seconds) : strings.retrying;
    const rest = (!cause || cause === 'offline' ? '' : next) + (waiting ? strings.waiting(waiting) : '');
    setBar('trouble', cause ? strings[cause] : strings.connecting, rest, isWaiting ? strings.tryNow : '');
    after(isWaiting ? ((retryAt - Date.now()) % 1000) + 20 : 1000, trouble);
  }

  function quiet() {
    if (isNewVersion) setBar('news', strings.newVersion, '', strings.reload, on.reload);
    else setBar();
  }

  return {
    show(state, waitingNow) {
      const before = current;
      current = state;
      waiting = waitingNow;
      if (isTrouble(state)) {
        if (isShown && bar.dataset.kind === 'trouble') trouble();
        else if (!isTrouble(before)) quiet(), after(before?.phase === 'online' ? LOST_AFTER_MS : CONNECTING_AFTER_MS, trouble);
      } else if (state !== before) {
        clearTimeout(timer);
        if (state.phase !== 'online' || !isShown) quiet();
        else {
          setBar('good', strings.backOnline);
          after(BACK_MS, quiet);
        }
      }
    },
    newVersion() {
      isNewVersion = true;
      if (!isShown) quiet();
    },
  };
}

// on.send, on.change: false if the text is to stay.
export function createComposer(on) {
  const form = byId('composer');
  const input = byId('message');
  const error = byId('message-error');
  const context = byId('context');
  const isTouch = matchMedia('(pointer: coarse)');
  let place = null; // {seat, room}
  let mode = {}; // {reply: item}, {edit: item, draft}

  const loadSuggest = part('suggest');

  const draftName = (room = place.room) => `draft ${place.seat} ${room}`;

  function fit() {
    form.style.setProperty('min-height', `${form.offsetHeight}px`);
    input.style.setProperty('height', 'auto');
    input.style.setProperty('height', `${input.scrollHeight + input.offsetHeight - input.clientHeight}px`);
    form.style.removeProperty('min-height');
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
    if (text || error.textContent) alert(text);
    error.replaceChildren(text, ...(retry ? [' ', button({ onclick: again }, strings.tryAgain)] : []));
    return false;
  }

  function save() {
    if (!place) return;
    const text = input.value;
    tab.set(draftName(), text || mode.edit || mode.reply ? { text, ...mode } : null);
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
    save();
    const item = mode.edit ?? mode.reply;
    hide(context, !item);
    form.dataset.mode = mode.edit ? 'edit' : mode.reply ? 'reply' : '';
    if (!item) return;
    const what = mode.edit ? strings.editing : strings.replying(item.mine ? strings.you : item.username);
    byId('context-what').replaceChildren(...namesIn(what));
    write(byId('context-text'), mode.edit ? strings.escCancels : item.body.slice(0, CONTEXT_MAX));
  }

  function cancel(id) {
    if (id && mode.edit?.id !== id) return false;
    if (list.close()) return true;
    if (mode.edit) {
      const { draft, reply } = mode;
      setMode({ reply });
      setText(draft);
    } else if (mode.reply) setMode({});
    else return false;
    return true;
  }

  const isHeld = () => input.readOnly || (mode.edit && input.value !== mode.edit.body && (input.focus(), true));

  function send() {
    if (input.readOnly) return;
    const text = input.value.trim();
    const { edit, reply } = mode;
    if (edit) {
      if (on.change(edit, text)) list.close(), cancel();
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
      if (!event.repeat) send(); // held since the page before
    } else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      on.scroll(event.key === 'PageUp' ? -1 : 1);
    } else if (event.key === 'ArrowUp' && !input.value && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      on.editLast();
    }
  });
  input.addEventListener('focus', showHint);
  input.addEventListener('blur', () => list.close());
  byId('context-cancel').addEventListener('click', () => {
    cancel();
    input.focus();
  });

  return {
    complain,
    save,
    cancel,
    focus: () => input.focus(),
    open(seat, room) {
      if (place?.seat === seat && place.room === room) return;
      save();
      place = { seat, room };
      input.placeholder = input.ariaLabel = strings.messageTo(room);
      const { text = '', ...was } = tab.get(draftName()) ?? {};
      setMode(was);
      setText(text);
    },
    lock(isLocked) {
      input.readOnly = isLocked;
      form.classList.toggle('locked', isLocked);
    },
    reply(item) {
      if (isHeld()) return;
      cancel();
      setMode({ reply: item });
      input.focus();
    },
    edit(item) {
      list.close();
      if (isHeld()) return;
      if (mode.edit) cancel();
      const draft = input.value;
      input.value = item.body;
      setMode({ ...mode, edit: item, draft });
      fit();
      input.focus();
      input.setSelectionRange(input.value.length, input.value.length);
    },
    take(text, room = place.room) {
      const over = (rest = '') => (rest.trim() ? `${text}\n${rest}` : text);
      const was = tab.get(draftName(room));
      const field = was?.edit ? 'draft' : 'text';
      if (room !== place.room) tab.set(draftName(room), { ...was, [field]: over(was?.[field]) });
      else if (mode.edit) setMode({ ...mode, draft: over(mode.draft) });
      else setText(over(input.value));
      input.focus();
    },
    changed,
    catchUp() {
      const text = release();
      if (!text || input.readOnly) return;
      input.setRangeText(text, input.selectionStart, input.selectionEnd, 'end');
      changed();
    },
    showTyping(names) {
      const typing = byId('typing');
      if (names.length || typing.firstChild) typing.replaceChildren(...namesIn(strings.typing(names)));
    },
  };
}
