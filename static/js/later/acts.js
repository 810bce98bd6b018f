// What is done with a message.
import { button, byId, h, icon } from '../dom.js';
import { findMessage } from '../store.js';
import { fullTime, strings } from '../words.js';

const { search: again } = new URL(import.meta.url);
const { ask, older, toNewest } = await import(`./history.js${again}`);
const { isSure, show, withArrows } = await import(`./dialog.js${again}`);
const { labels } = await import(`./tools.js${again}`);

const QUICK = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀'];
const NEAR = 200; // messages: so many more are read to find one, or else the log continues around it
const OWN_PAGES = 10; // of so many
const AROUND = 100;
const FLASH_MS = 2_000;
const EXCERPT = 160; // characters

const words = {
  copy: 'Copy text',
  copyDay: 'Copy this day',
  notFound: 'That message could not be found.',
  deleteTitle: 'Delete this message?',
  deleteText: 'It goes for everybody, and it cannot be brought back.',
  deleteIt: 'Delete',
  actions: 'Message actions',
  anyEmoji: 'Any other emoji',
  add: 'Add',
  editedTitle: 'When this was written',
  written: 'Written',
  edited: 'Last edited',
};

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
  const now = findMessage(app.current(), item.id); // it may have changed meanwhile
  if (what && !now?.deleted) app.act(what, now ?? item, anchor);
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
  if (emoji) app.apply({ type: 'react', id: item.id, emoji, on: true });
}

export async function remove(app, { id, mine, body }) {
  const excerpt = h('p', { class: 'muted', dir: 'auto' }, body.length > EXCERPT ? `${body.slice(0, EXCERPT)}…` : body);
  if (!mine || !(await isSure(words.deleteTitle, words.deleteIt, excerpt, h('p', {}, words.deleteText)))) return;
  app.composer.cancel(id);
  app.apply({ type: 'delete', id });
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

// The last of one's own, far from where one reads.
export async function editEarlier(app) {
  const { current, composer, lastOwn } = app;
  if (current().hasNewer) await toNewest(app);
  const { name } = current();
  for (let pages = 0; !lastOwn() && current().hasOlder && pages < OWN_PAGES; pages++) if (!(await older(app, NEAR))) break;
  if (lastOwn() && current().name === name && !byId('message').value) composer.edit(lastOwn());
}

// However far back it is.
export async function jumpTo(app, id, room = app.current().name) {
  const { current, goTo, log, render, tell } = app;
  if (room !== current().name) goTo(room);
  const found = () => findMessage(current(), id);
  if (!found()) {
    await older(app, NEAR);
    if (!found() && (await ask(app, 'around', { id, limit: AROUND }, { hasNewer: true })) && room === current().name) log.moved();
    render();
  }
  const node = found() && log.show(found().key);
  if (!node) return room === current().name && tell(words.notFound);
  node.classList.add('flash');
  setTimeout(() => node.classList.remove('flash'), FLASH_MS);
  node.querySelector('article').focus({ preventScroll: true });
}
