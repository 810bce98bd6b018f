// Who is here, in the order they came. A drawer where the window is narrow.
import { avatar, byId, h, reconcile, showAvatar } from '../dom.js';
import { isMe } from '../store.js';
import { strings } from '../strings.js';

const SHOWN_MAX = 500;
const FACES = 3;

export function createPeople({ onLeave }) {
  const panel = byId('people');
  const list = byId('people-list');
  const more = byId('people-more');
  const counts = document.querySelectorAll('.people-count');
  const faces = byId('faces');
  const wide = matchMedia('(min-width: 60rem)');
  let shownUsers = null;
  let shownMe = null;

  const close = () => panel.matches(':popover-open') && panel.hidePopover();

  function build({ name, isOwn }) {
    return h(
      'li',
      { class: 'person' },
      avatar(name),
      h('span', { class: 'person-name', dir: 'auto', title: name }, name),
      isOwn ? h('span', { class: 'muted' }, strings.youMark) : null,
    );
  }

  wide.addEventListener('change', close);
  byId('leave').addEventListener('click', onLeave);

  return {
    close,
    render(state) {
      const { users, me } = state;
      if (users === shownUsers && me === shownMe) return;
      shownUsers = users;
      shownMe = me;
      const rows = users.slice(0, SHOWN_MAX).map((name) => {
        const isOwn = isMe(state, name);
        return { key: name, sig: `${isOwn}`, name, isOwn };
      });
      reconcile(list, rows, build);
      more.textContent = users.length > SHOWN_MAX ? strings.andMore(users.length - SHOWN_MAX) : '';
      for (const count of counts) count.textContent = users.length;
      byId('people-word').textContent = strings.peopleWord(users.length);
      faces.replaceChildren(...users.slice(0, FACES).map(avatar));
      byId('my-name').textContent = me;
      showAvatar(byId('my-avatar'), me);
    },
  };
}
