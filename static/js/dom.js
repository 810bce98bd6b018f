// What the browser gives.
import { DEFAULT_ROOM, cleanRoom } from './hubbub.js';
import { hue, initials } from './words.js';

export const byId = (id) => document.getElementById(id);

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const isThere = (value) => (value ?? false) !== false;
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (isThere(value)) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(isThere));
  return element;
}

export const namesIn = (parts) => parts.map((part) => (part.name === undefined ? part : h('bdi', {}, part.name)));

// Read out at once.
export const alert = (text) => byId('alert').replaceChildren(text && h('p', { dir: 'auto' }, text));

export const button = (attributes, ...children) => h('button', { type: 'button', ...attributes }, ...children);

export function icon(name) {
  const svg = document.querySelector('.icon').cloneNode(true);
  svg.firstChild.setAttribute('href', `#i-${name}`);
  return svg;
}

export const iconButton = (name, label, attributes) =>
  button({ class: 'icon-button', 'aria-label': label, title: label, ...attributes }, icon(name));

export function showAvatar(element, name) {
  if (element.shows === name) return;
  element.shows = name;
  element.textContent = name ? initials(name) : '';
  element.classList.toggle('blank', !name);
  element.style.setProperty('--hue', hue(name));
}

export function avatar(name) {
  const element = h('span', { class: 'avatar', 'aria-hidden': 'true' });
  showAvatar(element, name);
  return element;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The focus that was in it is the log's.
export function hide(element, isHidden) {
  if (element.hidden === isHidden) return;
  if (isHidden && element.contains(document.activeElement)) byId('log').focus();
  element.hidden = isHidden;
}

export const isCharacter = ({ key, ctrlKey, altKey, metaKey }) => [...key].length === 1 && ctrlKey === altKey && !metaKey;

let early = ''; // typed before there is where to

function keep(event) {
  const { key, target, isComposing, keyCode } = event;
  const text = key === 'Enter' ? `${early}\n` : key === 'Backspace' ? early.slice(0, -1) : isCharacter(event) ? early + key : early;
  if (text === early || isComposing || keyCode === 229 || target.closest('article')) return;
  event.preventDefault();
  event.stopPropagation();
  early = text;
}

export const hold = () => addEventListener('keydown', keep, true);

export function release() {
  removeEventListener('keydown', keep, true);
  const text = early.replace(/^\n+|\n+$/g, '');
  early = '';
  return text;
}

const isSame = (a, b) => a.length === b.length && a.every((part, i) => part === b[i]);

// docs/client.md
export function reconcile(parent, rows, build) {
  const known = parent.known ?? new Map();
  const keys = new Set(rows.map((row) => row.key));
  parent.known = new Map();
  // First: or all others would be moved.
  for (const [key, { node }] of known) if (!keys.has(key)) node.remove();
  let cursor = parent.firstChild;
  for (const row of rows) {
    const old = known.get(row.key);
    const node = old && isSame(old.sig, row.sig) ? old.node : build(row);
    if (old && old.node !== node) {
      if (cursor === old.node) cursor = node;
      replace(old.node, node);
    }
    if (cursor === node) cursor = node.nextSibling;
    else parent.insertBefore(node, cursor);
    parent.known.set(row.key, { node, sig: row.sig });
  }
}

// The focus stays in its place.
function replace(old, node) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(node);
  if (!focused) return;
  const same = focused.dataset.focus && node.querySelector(`[data-focus="${CSS.escape(focused.dataset.focus)}"]`);
  (same || node.querySelector('[tabindex], button, a'))?.focus({ preventScroll: true });
}

export function once(load) {
  let tries = 0;
  let loaded = null;
  const failed = (error) => {
    loaded = null;
    throw error;
  };
  return () => (loaded ??= load(tries++ ? `?${tries}` : '').catch(failed));
}

const style = once((again) => {
  return new Promise((resolve, reject) => {
    document.head.append(h('link', { rel: 'stylesheet', href: `parts.css${again}`, onload: resolve, onerror: reject }));
  });
});

// Loaded at first use.
export const part = (name) => once((again) => style().then(() => import(`./later/${name}.js${again}`)));

export const roomAddress = (room) => `#/r/${encodeURIComponent(room)}`;

export function roomOfAddress() {
  const [, fromHash = ''] = location.hash.match(/^#\/r\/(.+)/) ?? [];
  try {
    return cleanRoom(decodeURIComponent(fromHash) || new URLSearchParams(location.search).get('room') || '');
  } catch {
    return fromHash;
  }
}

// A browser may refuse to remember.
const guarded = (pick) => ({
  get(key) {
    try {
      return JSON.parse(pick().getItem(`hubbub.${key}`));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      if (value === null) pick().removeItem(`hubbub.${key}`);
      else pick().setItem(`hubbub.${key}`, JSON.stringify(value));
    } catch {
    }
  },
});

export const browser = guarded(() => localStorage);
export const tab = guarded(() => sessionStorage);
