// What a mouse or a finger does over the messages: the tools of the one under it, its menu, several copied as lines.
import { byId, h, iconButton } from '../dom.js';
import { canBeUsed } from '../views/log.js';
import { strings } from '../words.js';

const { search: again } = new URL(import.meta.url);
const { copyRows } = await import(`./copy.js${again}`);

export const labels = { react: 'React', reply: 'Reply', edit: strings.edit, more: 'More' };

const TOOLS_APART = 4; // px from what they are beside
const TOOLS_OVER = 6; // px of the bubble's edge, where no text is

const isFine = matchMedia('(hover: hover)');
let app = null;
let mouse = null;
let pointed = null; // the article that has the tools

function tools(item) {
  const tool = (what) => {
    const onclick = ({ currentTarget }) => app.act(what, item, currentTarget);
    return iconButton(what, labels[what], { tabindex: '-1', 'data-what': what, onclick });
  };
  const bar = h('div', { class: 'tools' }, tool('react'), tool('reply'), item.mine && tool('edit'), tool('more'));
  requestAnimationFrame(() => bar.isConnected && placeTools(bar)); // it is not painted before
  return bar;
}

// Beside the bubble, or past the mouse if that is there; where there is no room, over or under the bubble's inner corner.
function placeTools(bar) {
  const article = bar.parentElement;
  const whole = article.getBoundingClientRect();
  const bubble = article.querySelector('.bubble').getBoundingClientRect();
  const log = byId('log').getBoundingClientRect();
  const { width, height } = bar.getBoundingClientRect();
  const isMine = Boolean(article.closest('.mine'));
  const beside = (from, to) => (isMine ? from - TOOLS_APART - width : to + TOOLS_APART);
  const inner = isMine ? bubble.left : Math.max(bubble.left, bubble.right - width);
  const seen = Math.min(Math.max(bubble.top, log.top + TOOLS_APART), log.bottom - TOOLS_APART - height);
  const places = [
    [beside(bubble.left, bubble.right), seen],
    [beside(Math.min(bubble.left, mouse?.x - TOOLS_APART), Math.max(bubble.right, mouse?.x + TOOLS_APART)), seen],
    [inner, bubble.top - height + TOOLS_OVER],
    [inner, bubble.bottom - TOOLS_OVER],
  ];
  const isIn = ([left, top]) =>
    left >= log.left && left + width <= log.left + byId('log').clientWidth && top >= log.top && top + height <= log.bottom;
  const isUnderMouse = ([left, top]) =>
    mouse && mouse.x >= left && mouse.x <= left + width && mouse.y >= top && mouse.y <= top + height;
  const [left, top] = places.find((place) => isIn(place) && !isUnderMouse(place)) ?? places[0];
  bar.style.setProperty('left', `${left - whole.left}px`);
  bar.style.setProperty('top', `${top - whole.top}px`);
}

function point(article) {
  if (article === pointed) return;
  pointed?.querySelector('.tools')?.remove();
  pointed = article;
  const item = app.log.itemOf(article);
  if (canBeUsed(item)) article.append(tools(item));
}

// A finger cannot hover.
export function tap({ log, act }, { target }) {
  const article = target.closest('article');
  const item = log.itemOf(article);
  if (!target.closest('button, a') && canBeUsed(item) && getSelection().isCollapsed) act('more', item, article);
}

function move({ pointerType, target }) {
  if (pointerType !== 'mouse' || !isFine.matches) return;
  const article = target.closest('.message')?.querySelector('article');
  if (article) point(article);
}

// The first of what a person does over the messages, for which this is loaded.
export function watch(theApp, event) {
  if (app) return;
  app = theApp;
  byId('rows').addEventListener('pointermove', move);
  byId('rows').addEventListener('pointerleave', () => point(null));
  byId('log').addEventListener('scroll', () => point(null), { passive: true });
  document.addEventListener('pointermove', (event) => (mouse = event), { passive: true });
  document.addEventListener('copy', (event) => copyRows(app.log, event));
  mouse = event;
  move(event);
}
