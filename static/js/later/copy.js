// Text for the clipboard: a message, rows that are selected, a day.
import { alert, h } from '../dom.js';
import { startOfDay, strings, time } from '../words.js';

const DAY_TRIES = 40;
const DAY_TRY_MS = 100;
const DAY_PAGE = 200; // messages

const words = {
  copied: 'Copied.',
  copiedPart: 'Copied what is here of that day: there is more of it.',
};

const lineOf = ({ ts, username, body, deleted }) => `[${time(ts)}] ${username}: ${deleted ? strings.deleted : body}`;

// navigator.clipboard is missing where the page came over plain http.
export async function copyText(text) {
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
    if (!(await older(DAY_PAGE))) await new Promise((resolve) => setTimeout(resolve, DAY_TRY_MS)); // others are on their way
    if (current().name !== name) return;
  }
  const { items, hasNewer } = current();
  const isPart = mayBeAbove() || (hasNewer && isOf(items.at(-1))) || items.some((item) => item.kind === 'hole' && isOf(item));
  const lines = items.filter((item) => item.kind === 'message' && isOf(item)).map(lineOf);
  copyAndTell(lines.join('\n'), isPart ? words.copiedPart : words.copied);
}

// Several rows as lines; of one, what is selected.
export function copyRows({ selected, itemOf }, event) {
  const rows = selected();
  if (rows.length < 2) return;
  event.preventDefault();
  event.clipboardData.setData('text/plain', rows.map((row) => lineOf(itemOf(row))).join('\n'));
}
