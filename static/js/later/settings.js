// The client itself: what is wanted of it, its keys, its connection.
import { button, h } from '../dom.js';

const { search: again } = new URL(import.meta.url);
const { copyText } = await import(`./copy.js${again}`);
const { show } = await import(`./dialog.js${again}`);
const { canNotify } = await import(`./notify.js${again}`);

const words = {
  shortcuts: 'Keyboard shortcuts',
  settings: 'Settings',
  details: 'Connection details',
};

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

function toggle(label, isOn, onChange, hint) {
  const input = h('input', { type: 'checkbox', checked: isOn, onchange: () => onChange(input.checked) });
  return h(
    'div',
    { class: 'setting' },
    h('label', { class: 'check' }, input, ' ', label),
    hint ? h('p', { class: 'muted' }, hint) : null,
  );
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
