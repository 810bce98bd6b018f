// Text for the clipboard: a message, rows that are selected, a day.
import { alert, byId, h } from '../dom.js';
import { startOfDay, strings, time } from '../words.js';

const { search: again } = new URL(import.meta.url);
const { older } = await import(`./history.js${again}`);

const DAY_TRIES = 40;
const DAY_TRY_MS = 100;
const DAY_PAGE = 200; // messages
const SHOWN_MS = 2_000;

const words = {
  copying: 'Copying…',
  copied: 'Copied.',
  copiedPart: 'Copied what is here of that day: there is more of it.',
  notCopied: 'Your browser did not let it be copied.',
};

const lineOf = ({ ts, username, body, deleted }) => `[${time(ts)}] ${username}: ${deleted ? strings.deleted : body}`;

// navigator.clipboard is missing where the page came over plain http. Whether it was copied: a browser may want a fresh press.
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement;
    const box = h('textarea', { class: 'sr-only', readonly: true });
    box.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(box); // all else is inert then
    box.select();
    const isCopied = document.execCommand('copy');
    box.remove();
    before?.focus({ preventScroll: true });
    return isCopied;
  }
}

// For a moment, over the log.
function show(text) {
  document.querySelector('.toast')?.remove();
  const toast = h('p', { class: 'toast', 'aria-hidden': 'true' }, text);
  byId('log').after(toast);
  setTimeout(() => toast.remove(), SHOWN_MS);
}

async function copyAndTell(app, text, told = words.copied) {
  if (!(await copyText(text))) return app.tell(words.notCopied, () => copyAndTell(app, text, told));
  alert(told);
  show(told);
}

export const copy = (app, { body }) => copyAndTell(app, body);

export async function copyDay(app, { ts }) {
  const { current } = app;
  const { name } = current();
  const day = startOfDay(ts);
  const isOf = (item) => startOfDay(item.ts) === day;
  const mayBeAbove = () => current().hasOlder && current().items[0].ts >= day;
  if (mayBeAbove()) show(words.copying);
  for (let tries = 0; tries < DAY_TRIES && mayBeAbove(); tries++) {
    if (!(await older(app, DAY_PAGE))) await new Promise((resolve) => setTimeout(resolve, DAY_TRY_MS)); // others are on their way
    if (current().name !== name) return;
  }
  const { items, hasNewer } = current();
  const isPart = mayBeAbove() || (hasNewer && isOf(items.at(-1))) || items.some((item) => item.kind === 'hole' && isOf(item));
  const lines = items.filter((item) => item.kind === 'message' && isOf(item)).map(lineOf);
  copyAndTell(app, lines.join('\n'), isPart ? words.copiedPart : words.copied);
}

// Several rows as lines; of one, what is selected.
export function copyRows({ selected, itemOf }, event) {
  const rows = selected();
  if (rows.length < 2) return;
  event.preventDefault();
  event.clipboardData.setData('text/plain', rows.map((row) => lineOf(itemOf(row))).join('\n'));
}
