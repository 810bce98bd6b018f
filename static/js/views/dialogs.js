// What opens over the page, each for a moment, and what is done by it; and what else is not needed at once: loaded when
// the first of them is asked for.
import { alert, avatar, button, byId, h, icon, iconButton, namesIn } from '../dom.js';
import { DEFAULT_ROOM, cleanRoom } from '../hubbub.js';
import { findMessage } from '../store.js';
import { count, format, fullTime, roomFault, startOfDay, strings } from '../words.js';

// A browser may remember that one of these has failed: asked for again, each has another address.
const { search: again } = new URL(import.meta.url);
const modules = ['../notify', './tools', './keys', './seat'].map((name) => import(`${name}.js${again}`));
const [{ canNotify }, { labels, lineOf, tap, watch }, { stepTo }, { showSeatLost }] = await Promise.all(modules);

export { showSeatLost, stepTo, tap, watch };

const QUICK = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'];
const SEARCH_AFTER_MS = 250;
const SEARCH_PAGE = 20;
const NEAR = 200; // messages: so many more are read to find one, or else the log continues around it
const AROUND = 100;
const FLASH_MS = 2_000;
const DAY_TRIES = 40;
const DAY_TRY_MS = 100;
const EXCERPT = 160; // characters
const BEFORE = 80;
const RESULT = 300;

// Those of the page are in index.html.
const icons = {
  copy: 'M8 8h12v12H8zM4 16V4h12',
  edit: 'm4 20 1-4.5L16.5 4a2.1 2.1 0 0 1 3 3L8.5 18.5zM14.5 6l3.5 3.5',
  trash:
    'M5 7h14M10 7V4.5h4V7M7 7l.8 12a1.5 1.5 0 0 0 1.5 1.5h5.4a1.5 1.5 0 0 0 1.5-1.5L17 7M10.5 11v5.5M13.5 11v5.5',
};
for (const [name, path] of Object.entries(icons)) {
  const symbol = byId('i-close').cloneNode(true);
  symbol.id = `i-${name}`;
  symbol.firstChild.setAttribute('d', path);
  byId('i-close').after(symbol);
}

const shortMoment = format({ dateStyle: 'medium', timeStyle: 'short' });

const words = {
  copy: 'Copy text',
  copyDay: 'Copy this day',
  copied: 'Copied.',
  copiedPart: 'Copied what is here of that day: there is more of it.',
  notFound: 'That message could not be found.',
  close: 'Close',
  cancel: 'Cancel',
  deleteTitle: 'Delete this message?',
  deleteText: 'It goes for everybody, and it cannot be brought back.',
  deleteIt: 'Delete',
  actions: 'Message actions',
  anyEmoji: 'Any other emoji',
  add: 'Add',
  editedTitle: 'When this was written',
  written: 'Written',
  edited: 'Last edited',
  shortcuts: 'Keyboard shortcuts',
  settings: 'Settings',
  switcher: 'Go to a room',
  find: 'Room',
  people: (n) => count(n, 'person', 'people'),
  search: 'Search',
  searchFor: 'Words to look for',
  inThisRoom: 'In this room only',
  noResults: 'Nothing found.',
  tooShort: 'Type at least two letters.',
  failed: 'The search did not work. Please try again.',
  options: (room) => `Options of #${room}`,
  leave: 'Leave this room',
  leaveTitle: (room) => `Leave #${room}?`,
  leaveIt: 'Leave and delete',
  signOutTitle: 'Sign out?',
  signOutIt: 'Sign out and delete',
  unsent: (n) => `${count(n, 'message has', 'messages have')} not been sent yet.`,
  onlyRoom: 'You are in no other room. To go, sign out.',
  details: 'Connection details',
};

// --- the frame of all of them ---

// Resolves with what the dialog was closed with. content(close) makes its children.
function show({ title, kind = '', label, anchor }, content) {
  const before = document.activeElement;
  if (document.querySelector('dialog[open]')) return Promise.resolve(''); // asked for twice before it could be shown
  return new Promise((resolve) => {
    const dialog = h('dialog', {
      class: `dialog card ${kind}`,
      ...(label ? { 'aria-label': label } : { 'aria-labelledby': 'dialog-title' }),
    });
    const close = (value = '') => {
      dialog.result = value;
      dialog.close();
    };
    const head = title
      ? h(
          'header',
          { class: 'dialog-head' },
          h('h2', { id: 'dialog-title', dir: 'auto' }, title),
          iconButton('close', words.close, { onclick: () => close() }),
        )
      : null;
    dialog.append(...[head, ...content(close)].filter(Boolean));
    dialog.addEventListener('click', (event) => event.target === dialog && event.detail < 2 && close()); // not by the second of a double click
    dialog.addEventListener('close', () => {
      dialog.remove();
      const active = document.activeElement;
      if (!active || active === document.body) refocus(before, anchor);
      else if (active.matches('textarea')) {
        active.blur(); // the caret went with the dialog: this brings it back
        active.focus({ preventScroll: true });
      }
      resolve(dialog.result ?? '');
    });
    document.body.append(dialog);
    dialog.showModal();
    const place = rowNow(anchor);
    if (place) placeAt(dialog, place);
  });
}

// A row is another one once something about it has changed.
function rowNow(node) {
  const key = node?.closest?.('.message')?.dataset.key;
  return node?.isConnected || !key ? node : document.querySelector(`[data-key="${CSS.escape(key)}"] article`);
}

function refocus(before, anchor) {
  const article = rowNow(anchor?.closest?.('article'));
  const target = [rowNow(before), article, byId('message')].find((one) => one?.isConnected && one !== document.body);
  target?.focus({ preventScroll: true });
}

// Beside what it is about; on a small screen the style puts it at the bottom.
function placeAt(dialog, anchor) {
  const box = (anchor.closest('.message')?.querySelector('.bubble') ?? anchor).getBoundingClientRect();
  const from = anchor.matches('article') ? box : anchor.getBoundingClientRect();
  const { width, height } = dialog.getBoundingClientRect();
  const below = from.bottom + 6;
  const top = below + height <= innerHeight - 8 ? below : Math.max(8, from.top - height - 6);
  const isOfOthers = anchor.matches('article') && !anchor.closest('.mine');
  const left = Math.min(Math.max(8, isOfOthers ? from.left : from.right - width), innerWidth - width - 8);
  dialog.style.setProperty('--top', `${top}px`);
  dialog.style.setProperty('--left', `${left}px`);
}

// The arrows go through the buttons of a menu.
function withArrows(parent) {
  const steps = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };
  parent.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    if (!step || event.target.matches('input')) return;
    const all = [...parent.querySelectorAll('button, a')];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    event.preventDefault();
    next?.focus();
  });
  return parent;
}

// --- a message ---

// Puts a name where one writes.
export function mention({ composer }, name) {
  const input = byId('message');
  const { value, selectionStart: at } = input;
  if (input.readOnly) return;
  if (value.slice(0, at).endsWith(`@${name} `)) return composer.focus();
  const space = /\S$/u.test(value.slice(0, at)) ? ' ' : '';
  input.setRangeText(`${space}@${name} `, at, input.selectionEnd, 'end');
  composer.changed();
  composer.focus();
}

export async function more(app, item, anchor) {
  const acts = [
    ['react', 'react', labels.react],
    ['reply', 'reply', labels.reply],
    ['copy', 'copy', words.copy],
    ['copyDay', 'copy', words.copyDay],
    ...(item.mine
      ? [
          ['edit', 'edit', labels.edit],
          ['remove', 'trash', strings.remove],
        ]
      : []),
  ];
  const what = await show({ kind: 'menu', label: words.actions, anchor }, (close) => [
    withArrows(
      h(
        'div',
        { class: 'menu-list' },
        ...acts.map(([what, image, label]) =>
          button({ class: what === 'remove' ? 'danger' : null, onclick: () => close(what) },
            icon(image),
            label,
          ),
        ),
      ),
    ),
  ]);
  if (what) app.act(what, item, anchor);
}

export async function react(app, item, anchor) {
  const emoji = await show({ kind: 'menu', label: labels.react, anchor }, (close) => {
    const input = h('input', {
      type: 'text',
      maxlength: '16',
      'aria-label': words.anyEmoji,
      placeholder: words.anyEmoji,
      autocomplete: 'off',
      dir: 'auto',
    });
    const take = (event) => {
      event.preventDefault();
      if (input.value.trim()) close(input.value.trim());
    };
    return [
      withArrows(
        h(
          'div',
          { class: 'quick' },
          ...QUICK.map((emoji) =>
            button({ onclick: () => close(emoji) }, emoji),
          ),
        ),
      ),
      h(
        'form',
        { class: 'inline', onsubmit: take },
        input,
        h('button', { class: 'secondary' }, words.add),
      ),
    ];
  });
  if (emoji) app.react(item, emoji, true);
}

async function isSure(title, yes, ...content) {
  const answer = await show({ title, kind: 'small' }, (close) => [
    ...content,
    h(
      'div',
      { class: 'buttons' },
      button({ class: 'secondary', onclick: () => close() }, words.cancel),
      button({ class: 'primary danger', autofocus: true, onclick: () => close('yes') }, yes),
    ),
  ]);
  return answer === 'yes';
}

export async function remove(app, { id, mine, body }) {
  const excerpt = h('p', { class: 'muted', dir: 'auto' }, body.length > EXCERPT ? `${body.slice(0, EXCERPT)}…` : body);
  if (!mine || !(await isSure(words.deleteTitle, words.deleteIt, excerpt, h('p', {}, words.deleteText)))) return;
  app.composer.cancel(id);
  app.apply({ type: 'delete', id }, (room) => room.delete(id));
}

export function showEdits(app, { ts, edited }) {
  return show({ title: words.editedTitle, kind: 'small' }, () => [
    h(
      'dl',
      {},
      h('div', {}, h('dt', {}, words.written), h('dd', {}, fullTime(ts))),
      h('div', {}, h('dt', {}, words.edited), h('dd', {}, fullTime(edited))),
    ),
  ]);
}

// navigator.clipboard is missing where the page came over plain http.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = h('textarea', { class: 'sr-only', readonly: true });
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
}

async function copyAndTell(text, told = words.copied) {
  const before = document.activeElement;
  await copyText(text);
  before?.focus({ preventScroll: true });
  alert(told);
}

export const copy = (app, { body }) => copyAndTell(body);

export async function copyDay({ current, older }, { ts }) {
  const { name } = current();
  const day = startOfDay(ts);
  const isOf = (item) => startOfDay(item.ts) === day;
  const mayBeAbove = () => current().hasOlder && current().items[0].ts >= day;
  for (let tries = 0; tries < DAY_TRIES && mayBeAbove(); tries++) {
    if (!(await older(NEAR))) await new Promise((resolve) => setTimeout(resolve, DAY_TRY_MS)); // others are on their way
    if (current().name !== name) return;
  }
  const { items, hasNewer } = current();
  const isPart = mayBeAbove() || (hasNewer && isOf(items.at(-1))) || items.some((item) => item.kind === 'hole' && isOf(item));
  const lines = items.filter((item) => item.kind === 'message' && isOf(item)).map(lineOf);
  copyAndTell(lines.join('\n'), isPart ? words.copiedPart : words.copied);
}

// However far back it is.
export async function jumpTo({ current, goTo, older, ask, log, render, tell }, id, room = current().name) {
  if (room !== current().name) goTo(room);
  const found = () => findMessage(current(), id);
  if (!found()) {
    await older(NEAR);
    if (!found() && (await ask('around', { id, limit: AROUND }, { hasNewer: true })) && room === current().name) log.moved();
    render();
  }
  const node = found() && log.show(found().key);
  if (!node) return room === current().name && tell(words.notFound);
  node.classList.add('flash');
  setTimeout(() => node.classList.remove('flash'), FLASH_MS);
  node.querySelector('article').focus({ preventScroll: true });
}

// --- rooms ---

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
    const draw = () => {
      const wanted = input.value.trim() ? cleanRoom(input.value) : '';
      shown = known.filter(({ name }) => name.includes(wanted));
      if (wanted && !known.some(({ name }) => name === wanted)) shown.push({ name: wanted, isNew: true });
      at = 0;
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
      if (!Object.hasOwn(keys, event.key) || event.isComposing) return;
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

function toggle(label, isOn, onChange, hint) {
  const input = h('input', { type: 'checkbox', checked: isOn, onchange: () => onChange(input.checked) });
  return h(
    'div',
    { class: 'setting' },
    h('label', { class: 'check' }, input, ' ', label),
    hint ? h('p', { class: 'muted' }, hint) : null,
  );
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
async function giveUp(app, entries, title, yes) {
  const { outbox } = app.chat();
  const unsent = () => entries().filter(({ state }) => state !== 'acked');
  const n = unsent().length + app.changing();
  if (n && !(await isSure(title, `${yes} ${n === 1 ? 'it' : 'them'}`, h('p', {}, words.unsent(n))))) return false;
  for (const { cid } of unsent()) outbox.remove(cid);
  return true;
}

async function leave(app, room) {
  const unsent = () => app.chat().outbox.of(room);
  if (await giveUp(app, unsent, words.leaveTitle(room), words.leaveIt)) app.leaveRoom(room);
}

export async function signOut(app) {
  if (await giveUp(app, app.chat().outbox.entries, words.signOutTitle, words.signOutIt)) app.signOut();
}

// --- search ---

export function openSearch(app) {
  const room = app.store.get().current;
  return show({ title: words.search, kind: 'search' }, (close) => {
    let asked = 0;
    let timer;
    let found = [];
    const input = h('input', {
      type: 'text',
      enterkeyhint: 'search',
      'aria-label': words.searchFor,
      placeholder: words.searchFor,
      autocomplete: 'off',
      dir: 'auto',
      autofocus: true,
    });
    const only = h('input', { type: 'checkbox', checked: true });
    const note = h('p', { class: 'muted', role: 'status' });
    const list = h('ul', { class: 'results', role: 'list' });
    const more = button({ class: 'secondary', hidden: true, onclick: () => ask(found.at(-1).id) }, labels.more);
    const hit = (message) =>
      h(
        'li',
        {},
        button({ class: 'hit', onclick: () => (close(), jumpTo(app, message.id, message.room)) },
          avatar(message.username),
          h(
            'span',
            { class: 'result-text' },
            h(
              'span',
              { class: 'hit-head' },
              ...namesIn([{ name: message.username }]),
              h('span', { class: 'muted' }, ...namesIn([' ', { name: `#${message.room}` }, ` · ${shortMoment(message.ts)}`])),
            ),
            h('span', { dir: 'auto' }, ...marked(message.body, input.value.trim())),
          ),
        ),
      );
    async function ask(before) {
      const q = input.value.trim();
      const own = ++asked;
      if (q.length < 2) {
        found = [];
        list.replaceChildren();
        more.hidden = true;
        note.textContent = q ? words.tooShort : '';
        return;
      }
      try {
        const answer = await app.chat().search(q, {
          limit: SEARCH_PAGE,
          ...(only.checked ? { room } : {}),
          ...(before ? { before } : {}),
        });
        if (own !== asked) return;
        found = before ? [...found, ...answer.messages] : answer.messages;
        list.replaceChildren(...found.map(hit));
        note.textContent = found.length ? '' : words.noResults;
        more.hidden = !answer.more;
      } catch (error) {
        if (own === asked) note.textContent = error.code === 'lost' ? words.failed : error.message;
      }
    }
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, SEARCH_AFTER_MS);
    };
    const now = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      ask();
    };
    input.addEventListener('input', soon);
    only.addEventListener('change', () => ask());
    return [
      h('form', { role: 'search', onsubmit: now }, input, h('label', { class: 'check' }, only, ' ', words.inThisRoom)),
      note,
      h('div', { class: 'results-box' }, list, more),
    ];
  });
}

// As the server compares: without case and accents. One for each of the text's characters.
const folded = (text) => Array.from(text, (one) => one.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase());

// The text in parts, around the first of the words that were looked for, all of them marked.
function marked(body, q) {
  const all = Array.from(body);
  const text = folded(body);
  const isMarked = text.map(() => false);
  for (const word of folded(q).join('').split(/\s+/).filter(Boolean))
    text.forEach((_, at) => {
      let end = at;
      for (let found = ''; found.length < word.length && end < all.length; end++) found += text[end];
      if (text.slice(at, end).join('') === word) isMarked.fill(true, at, end);
    });
  const from = Math.max(0, isMarked.indexOf(true) - BEFORE);
  const parts = [from ? '…' : ''];
  for (let at = from; at < Math.min(all.length, from + RESULT); ) {
    const end = isMarked.indexOf(!isMarked[at], at);
    const to = Math.min(end < 0 ? all.length : end, from + RESULT);
    const part = all.slice(at, to).join('');
    parts.push(isMarked[at] ? h('mark', {}, part) : part);
    at = to;
  }
  return parts;
}

// --- the client itself ---

function notifications() {
  const box = h('div', { class: 'setting' });
  const draw = () => {
    const state = canNotify() ? Notification.permission : 'insecure';
    const text = {
      granted: 'Notifications are on.',
      denied: 'Notifications are blocked in the settings of your browser.',
      insecure: 'Notifications need HTTPS. The title of the page and the sound tell of new messages here.',
      default: '',
    }[state];
    const ask = () => Notification.requestPermission().then(draw);
    box.replaceChildren(
      state === 'default'
        ? button({ class: 'secondary', onclick: ask }, 'Switch notifications on')
        : h('p', { class: 'muted' }, text),
    );
  };
  draw();
  return box;
}

export function openSettings(app) {
  const settings = app.settings();
  return show({ title: words.settings, kind: 'small' }, (close) => [
    notifications(),
    toggle('Play a sound with notifications', settings.sound === true, (sound) => {
      app.change({ sound });
      if (sound) app.chime();
    }),
    toggle('Enter sends on a touch screen too', settings.enterSends === true, (enterSends) => app.change({ enterSends })),
    h(
      'div',
      { class: 'buttons start' },
      button({ class: 'secondary', onclick: () => (close(), showShortcuts()) }, words.shortcuts),
      button({ class: 'secondary', onclick: () => (close(), showDetails(app)) }, words.details),
    ),
  ]);
}

const shortcuts = [
  [['Enter'], 'Send the message'],
  [['Shift', 'Enter'], 'Begin a new line'],
  [['↑'], 'In an empty message box: edit your last message'],
  [['@'], 'Mention somebody'],
  [['Page Up', 'Page Down'], 'Scroll while writing'],
  [['F6'], 'Rooms, messages, message box, people'],
  [['↑', '↓', 'Home', 'End'], 'Go through the messages'],
  [['Enter'], 'On a message: what can be done with it'],
  [['e', 'Delete', 'r', '+', 'c'], 'On a message: edit, delete, reply, react, copy'],
  [['Alt', '↑ ↓'], 'Previous and next room'],
  [['Alt', 'Shift', '↑ ↓'], 'Previous and next room with something new'],
  [['Ctrl', 'K'], 'Go to a room'],
  [['Esc'], 'Close, cancel, all read, to the latest, to the message box'],
  [['Ctrl', '/'], 'This list'],
];

export function showShortcuts() {
  return show({ title: words.shortcuts, kind: 'shortcuts' }, () => [
    h(
      'dl',
      {},
      ...shortcuts.map(([keys, what]) =>
        h('div', {}, h('dt', {}, ...keys.flatMap((key, i) => [...(i ? [' '] : []), h('kbd', {}, key)])), h('dd', {}, what)),
      ),
    ),
  ]);
}

function showDetails(app) {
  const chat = app.chat();
  const hello = chat.hello();
  const lines = [
    ['State', chat.state().phase],
    ['Round trip', '…'],
    ['Server', [hello?.server, hello?.build].filter(Boolean).join(' ')],
    ['Queued', String(chat.outbox.waiting())],
    ...chat.rooms().map((room) => {
      const { seq, epoch } = chat.room(room).place();
      return [`#${room}`, `event ${seq} of ${epoch}`];
    }),
    ['Page', location.protocol === 'https:' || isSecureContext ? 'secure' : 'plain http: no notifications'],
  ];
  const facts = lines.map(([, fact]) => h('dd', { dir: 'auto' }, fact));
  const began = performance.now();
  const tell = (trip) => facts[1].replaceChildren(trip);
  chat.ping().then(
    () => tell(`${Math.round(performance.now() - began)} ms`),
    () => tell('no answer'),
  );
  const text = () => lines.map(([name], i) => `${name}: ${facts[i].textContent}`).join('\n');
  return show({ title: words.details, kind: 'small' }, () => [
    h('dl', {}, ...lines.map(([name], i) => h('div', {}, h('dt', { dir: 'auto' }, name), facts[i]))),
    h(
      'div',
      { class: 'buttons' },
      button({ class: 'secondary', onclick: () => copyText(text()) }, 'Copy'),
    ),
  ]);
}
