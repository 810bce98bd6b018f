// Makes elements; text only ever becomes text, never markup.
import { hue, initials } from './format.js';

// h('p', { class: 'note', onclick: f, 'aria-hidden': 'true' }, 'text', element, null)
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

// A disc with the initials of a name, in the colour of that name.
export function showAvatar(element, name) {
  element.textContent = name ? initials(name) : '';
  element.classList.toggle('blank', !name);
  element.style.setProperty('--hue', hue(name));
}

export function avatar(name) {
  const element = h('span', { class: 'avatar', 'aria-hidden': 'true' });
  showAvatar(element, name);
  return element;
}

export const byId = (id) => document.getElementById(id);

// Makes the children of parent be those of rows, in order. A row is {key, sig}; its node is kept as
// long as sig stays, so that focus and selection survive. build(row, isNew) makes a node.
export function reconcile(parent, rows, build) {
  const known = parent.known ?? new Map();
  parent.known = new Map();
  let cursor = parent.firstChild;
  for (const row of rows) {
    const old = known.get(row.key);
    const node = old?.sig === row.sig ? old.node : build(row, !old);
    if (old && old.node !== node) {
      const hadFocus = old.node.contains(document.activeElement);
      if (cursor === old.node) cursor = node;
      old.node.replaceWith(node);
      if (hadFocus) node.querySelector('[tabindex], button')?.focus({ preventScroll: true });
    }
    if (cursor === node) cursor = node.nextSibling;
    else parent.insertBefore(node, cursor);
    parent.known.set(row.key, { node, sig: row.sig });
  }
  while (cursor) {
    const gone = cursor;
    cursor = gone.nextSibling;
    gone.remove();
  }
}
