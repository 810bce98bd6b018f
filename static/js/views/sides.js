// The two panels beside the log: the rooms one is in, and who is here, in the order they came. Both are
// drawers where the window is narrow.
import { avatar, button, byId, h, icon, reconcile, roomAddress, showAvatar, write } from '../dom.js';
import { isMe } from '../store.js';
import { strings } from '../strings.js';

const SHOWN_MAX = 500;
const FACES = 3;
const UNREAD_MAX = 99;

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
    return h(
      'li',
      {},
      h(
        'a',
        {
          class: `room-link${unread ? ' unread' : ''}`,
          href: roomAddress(name),
          'aria-current': isCurrent ? 'page' : null,
          'aria-label': strings.roomLabel(name, unread, isMentioned),
          title: name,
          'data-focus': 'room',
        },
        h('span', { class: 'hash', 'aria-hidden': 'true' }, '#'),
        h('span', { class: 'room-link-name', dir: 'auto' }, name),
        isTyping ? h('span', { class: 'dots', 'aria-hidden': 'true' }, '…') : null,
        unread
          ? h(
              'span',
              { class: `badge${isMentioned ? ' mentioned' : ''}`, 'aria-hidden': 'true' },
              `${isMentioned ? '@ ' : ''}${unread > UNREAD_MAX ? `${UNREAD_MAX}+` : unread}`,
            )
          : null,
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
      byId('elsewhere').hidden = !rows.some((row) => !row.isCurrent && row.unread);
      write(byId('my-name'), state.me);
      showAvatar(byId('my-avatar'), state.me);
    },
  };
}

export function createPeople({ onMention }) {
  const list = byId('people-list');
  const more = byId('people-more');
  const counts = document.querySelectorAll('.people-count');
  const faces = byId('faces');
  const close = drawer('people', '60rem');
  let shown = [];

  function build({ name, isOwn }) {
    const face = [avatar(name), h('span', { class: 'person-name', dir: 'auto', title: name }, name)];
    if (isOwn) return h('li', { class: 'person' }, ...face, h('span', { class: 'muted' }, strings.youMark));
    const mention = () => {
      close();
      onMention(name);
    };
    return h(
      'li',
      {},
      button({ class: 'person', title: strings.mention(name), onclick: mention }, ...face, icon('at')),
    );
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
      reconcile(list, rows, build);
      write(more, count > rows.length ? strings.andMore(count - rows.length) : '');
      for (const each of counts) write(each, String(count));
      write(byId('people-word'), strings.peopleWord(count));
      faces.replaceChildren(...users.slice(0, FACES).map(avatar));
    },
  };
}
