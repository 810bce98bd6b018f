// What stands around the log: the rooms one is in, who is here (drawers where the window is narrow), and the bar that
// says how the connection is doing, silent while it does well.
import { avatar, button, byId, h, hide, icon, reconcile, roomAddress, showAvatar, write } from '../dom.js';
import { isMe } from '../store.js';
import { strings } from '../strings.js';

const SHOWN_MAX = 500;
const FACES = 3;
const UNREAD_MAX = 99;
const LOST_AFTER_MS = 1_000; // shorter breaks are nobody's business
const CONNECTING_AFTER_MS = 400;
const BACK_MS = 2_000;
const COUNT_FROM_S = 5;

function drawer(id, from) {
  const panel = byId(id);
  const close = () => panel.matches(':popover-open') && panel.hidePopover();
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
    return h(
      'li',
      {},
      h(
        'a',
        {
          class: `room-link${unread ? ' unread' : ''}`,
          href: roomAddress(name),
          'aria-current': isCurrent && 'page',
          'aria-label': strings.roomLabel(name, unread, isMentioned),
          title: name,
          'data-focus': 'room',
        },
        mark('hash', '#'),
        h('span', { class: 'room-link-name', dir: 'auto' }, name),
        isTyping ? mark('dots', '…') : null,
        unread ? mark(`badge${isMentioned ? ' mentioned' : ''}`, number) : null,
      ),
    );
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
    const mention = () => {
      close();
      onMention(name);
    };
    return h('li', {}, button({ class: 'person', title: strings.mention(name), onclick: mention }, ...face, icon('at')));
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

const isTrouble = (state) => state?.phase === 'waiting' || state?.phase === 'connecting';

// on: retry(), rejoin(), reload().
export function createStatus(on) {
  const bar = byId('status');
  const action = byId('retry');
  let isShown = false;
  let current = null;
  let waiting = 0;
  let timer = null;
  let press = null;
  let isNewVersion = false;

  action.addEventListener('click', () => press());

  // The countdown is not spoken: only its own element changes, which is hidden from a reader.
  function setBar(kind, text = '', detail = '', label = '', f = on.retry) {
    isShown = Boolean(kind) && kind !== 'news';
    bar.hidden = !kind;
    if (!kind) return;
    bar.dataset.kind = kind;
    write(byId('status-text'), text);
    write(byId('status-detail'), detail);
    write(action, label);
    action.hidden = !label;
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
    else setBar(null);
  }

  // Over, until a person wants to be back.
  function stopped() {
    const { cause, reason, retryAt = 0 } = current;
    const left = Math.ceil((retryAt - Date.now()) / 1000);
    const rest = left > 0 ? strings.retryIn(left) : '';
    setBar('trouble', reason || strings[cause] || strings.stopped, rest, left > 0 ? '' : strings.joinAgain, on.rejoin);
    if (left > 0) after(1000, stopped);
  }

  return {
    show(state, waitingNow) {
      const before = current;
      current = state;
      waiting = waitingNow;
      if (isTrouble(state)) {
        if (isShown && bar.dataset.kind === 'trouble') trouble();
        else if (!isTrouble(before)) after(before ? LOST_AFTER_MS : CONNECTING_AFTER_MS, trouble);
      } else if (state !== before) {
        clearTimeout(timer);
        if (state.phase === 'rejected') stopped();
        else if (state.phase !== 'online' || !isShown) quiet();
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
