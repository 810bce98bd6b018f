// The frame of what opens over the page.
import { button, byId, h, iconButton, release } from '../dom.js';

const words = {
  close: 'Close',
  cancel: 'Cancel',
};

// Resolves with what the dialog was closed with. content(close) makes its children.
export function show({ title, kind = '', label, anchor }, content) {
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
    // A key that is held since before is not an answer.
    dialog.addEventListener('keydown', (event) => event.repeat && event.key === 'Enter' && event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    const text = release().split('\n', 1)[0];
    if (text && document.activeElement.matches('input[type="text"]')) {
      document.activeElement.value = text;
      document.activeElement.dispatchEvent(new Event('input'));
    }
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
  const top = below + height <= innerHeight - 8 ? below : from.top - height - 6;
  const inside = Math.max(8, Math.min(top, innerHeight - height - 8));
  const isOfOthers = anchor.matches('article') && !anchor.closest('.mine');
  const left = Math.min(Math.max(8, isOfOthers ? from.left : from.right - width), innerWidth - width - 8);
  dialog.style.setProperty('--top', `${inside}px`);
  dialog.style.setProperty('--left', `${left}px`);
}

// The arrows go through the buttons of a menu.
export function withArrows(parent) {
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

// A question that is answered with yes, or not.
export async function isSure(title, yes, ...content) {
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
