// To another room, what is wanted of one, and out of it.
import { button, h, namesIn } from '../dom.js';
import { DEFAULT_ROOM, cleanRoom } from '../hubbub.js';
import { count, roomFault, strings } from '../words.js';

const { search: again } = new URL(import.meta.url);
const { isSure, show } = await import(`./dialog.js${again}`);

const words = {
  switcher: 'Go to a room',
  find: 'Room',
  people: (n) => count(n, 'person', 'people'),
  options: (room) => `Options of #${room}`,
  leave: 'Leave this room',
  leaveTitle: (room) => `Leave #${room}?`,
  leaveIt: 'Leave and delete',
  signOutTitle: 'Sign out?',
  signOutIt: 'Sign out and delete',
  unsent: (n) => `${count(n, 'message has', 'messages have')} not been sent yet.`,
  onlyRoom: 'You are in no other room. To go, sign out.',
};

// What was written is the whole name, its beginning, a name that is new, a part of one.
function rank({ name, isNew }, wanted) {
  if (isNew) return 2;
  return name === wanted ? 0 : name.startsWith(wanted) ? 1 : 3;
}

export function openSwitcher(app) {
  const { order, rooms } = app.store.get();
  return show({ title: words.switcher, kind: 'switcher' }, (close) => {
    let known = order.map((name) => ({ name, members: rooms[name].count, topic: rooms[name].topic, isIn: true }));
    let shown = [];
    let at = 0;
    const list = h('ul', { id: 'switcher-list', class: 'results', role: 'listbox', 'aria-label': words.switcher });
    const error = h('p', { class: 'error', role: 'alert' });
    const input = h('input', {
      type: 'text',
      role: 'combobox',
      'aria-label': words.find,
      'aria-expanded': 'true',
      'aria-controls': 'switcher-list',
      placeholder: words.find,
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      dir: 'auto',
      autofocus: true,
    });
    const go = (room) => {
      const fault = roomFault(room);
      if (fault) {
        error.textContent = fault;
        return;
      }
      close();
      app.goTo(room);
    };
    const mark = () => {
      [...list.children].forEach((one, i) => one.setAttribute('aria-selected', String(i === at)));
      input.setAttribute('aria-activedescendant', shown.length ? `switcher-${at}` : '');
      list.children[at]?.scrollIntoView({ block: 'nearest' });
    };
    const option = ({ name, members, topic, isNew }, i) =>
      h(
        'li',
        { id: `switcher-${i}`, role: 'option', onclick: () => go(name) },
        h('span', { class: 'hash', 'aria-hidden': 'true' }, isNew ? '+' : '#'),
        h(
          'span',
          { class: 'result-text' },
          h('span', { dir: 'auto' }, ...(isNew ? namesIn(strings.joinRoom(name)) : [name])),
          topic ? h('span', { class: 'muted', dir: 'auto' }, topic) : null,
        ),
        members === undefined ? null : h('span', { class: 'muted' }, words.people(members)),
      );
    const draw = (isTyped) => {
      const wanted = input.value.trim() ? cleanRoom(input.value) : '';
      const before = shown[at]?.name;
      const isKnown = known.some(({ name }) => name === wanted);
      const all = wanted && !isKnown ? [...known, { name: wanted, isNew: true }] : known;
      shown = all.filter(({ name }) => name.includes(wanted)).sort((a, b) => rank(a, wanted) - rank(b, wanted));
      at = isTyped ? 0 : Math.max(0, shown.findIndex(({ name }) => name === before));
      error.textContent = '';
      list.replaceChildren(...shown.map(option));
      mark();
    };
    const keys = {
      ArrowDown: () => (at = Math.min(at + 1, shown.length - 1)),
      ArrowUp: () => (at = Math.max(at - 1, 0)),
      Enter: () => shown[at] && go(shown[at].name),
    };
    input.addEventListener('input', draw);
    input.addEventListener('keydown', (event) => {
      const isHeld = event.repeat && event.key === 'Enter';
      if (!Object.hasOwn(keys, event.key) || event.isComposing || isHeld) return;
      event.preventDefault();
      keys[event.key]();
      mark();
    });
    app.topics().then((all) => {
      const others = all.filter(({ name }) => !order.includes(name));
      const here = new Map(all.map((room) => [room.name, room]));
      known = [...known.map((room) => ({ ...room, ...here.get(room.name) })), ...others];
      draw();
    });
    draw();
    return [input, error, list];
  });
}

function choice(label, options, value, onChange) {
  const id = `choice-${label.replace(/\W/g, '')}`;
  const select = h(
    'select',
    { id, onchange: () => onChange(select.value) },
    ...options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)),
  );
  return h('div', { class: 'setting' }, h('label', { for: id }, label), select);
}

function changeRoom(app, room, fields) {
  const { rooms } = app.settings();
  app.change({ rooms: { ...rooms, [room]: { ...rooms?.[room], ...fields } } });
}

export async function openRoomOptions(app) {
  const { current: room, order } = app.store.get();
  const own = app.settings().rooms?.[room] ?? {};
  const what = await show({ title: words.options(room), kind: 'small' }, (close) => [
    choice(
      'Notify me',
      [
        ['mentions', 'when I am mentioned'],
        ['all', 'of every message'],
        ['none', 'never'],
      ],
      own.notify ?? 'mentions',
      (notify) => changeRoom(app, room, { notify }),
    ),
    choice(
      'Who joins and leaves',
      [
        ['', 'as suits the room'],
        ['fold', 'in short'],
        ['show', 'one by one'],
        ['hide', 'not at all'],
      ],
      own.notices ?? '',
      (notices) => changeRoom(app, room, { notices: notices || undefined }),
    ),
    // The last one that is left is entered again.
    room === DEFAULT_ROOM && order.length === 1
      ? h('p', { class: 'muted' }, words.onlyRoom)
      : h('div', { class: 'buttons' }, button({ class: 'secondary danger', onclick: () => close('leave') }, words.leave)),
  ]);
  if (what === 'leave') leave(app, room);
}

// What waits for a room that one is not in would never be sent, nor seen; false if it is to be kept.
async function giveUp(app, entries, changes, title, yes) {
  const { outbox } = app.chat();
  const unsent = () => entries().filter(({ state }) => state !== 'acked');
  const n = unsent().length + changes;
  if (n && !(await isSure(title, `${yes} ${n === 1 ? 'it' : 'them'}`, h('p', {}, words.unsent(n))))) return false;
  for (const { cid } of unsent()) outbox.remove(cid);
  return true;
}

async function leave(app, room) {
  const unsent = () => app.chat().outbox.of(room);
  const changes = [...app.unmade].filter((event) => event.room === room).length;
  if (await giveUp(app, unsent, changes, words.leaveTitle(room), words.leaveIt)) app.leaveRoom(room);
}

export async function signOut(app) {
  if (await giveUp(app, app.chat().outbox.entries, app.unmade.size, words.signOutTitle, words.signOutIt)) app.signOut();
}
