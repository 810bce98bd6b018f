// The list of names after an @, as one writes. Loaded with the first @.
import { avatar, h } from '../dom.js';
import { nameKey } from '../hubbub.js';

const SUGGESTED_MAX = 8;
const SPEAKERS = 200; // messages whose authors are suggested first

function suggest(start, { items, users, me }) {
  const wanted = nameKey(start);
  const speakers = items.slice(-SPEAKERS).reverse().map((item) => item.id && item.username);
  const present = new Set(users);
  return [...new Set([...speakers.filter((name) => present.has(name)), ...users])]
    .filter((name) => name !== me && nameKey(name).startsWith(wanted))
    .slice(0, SUGGESTED_MAX);
}

export function createSuggestions({ input, here, changed }) {
  const box = h('ul', { id: 'suggestions', class: 'suggestions', role: 'listbox', 'aria-label': 'People', hidden: true });
  let names = [];
  let at = 0;
  let start = 0; // of the word with the @

  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', 'suggestions');
  input.setAttribute('aria-haspopup', 'listbox');
  input.parentNode.append(box);

  const isOpen = () => !box.hidden;

  function close() {
    if (!isOpen()) return false;
    box.hidden = true;
    input.removeAttribute('aria-activedescendant');
    return true;
  }

  function mark() {
    [...box.children].forEach((option, i) => option.setAttribute('aria-selected', String(i === at)));
    input.setAttribute('aria-activedescendant', `suggestion-${at}`);
    box.children[at]?.scrollIntoView({ block: 'nearest' });
  }

  function choose(i) {
    input.setRangeText(`@${names[i]} `, start, input.selectionStart, 'end');
    close();
    changed();
  }

  function show() {
    const options = names.map((name, i) =>
      h(
        'li',
        { id: `suggestion-${i}`, role: 'option', onmousedown: (event) => event.preventDefault(), onclick: () => choose(i) },
        avatar(name),
        h('span', { dir: 'auto' }, name),
      ),
    );
    box.replaceChildren(...options);
    box.hidden = false;
    mark();
  }

  function update() {
    const before = input.value.slice(0, input.selectionStart);
    const match = before.match(/(?:^|\s)@([^\s@]{0,32})$/u);
    names = match ? suggest(match[1], here()) : [];
    if (!names.length) {
      close();
      return;
    }
    start = before.length - match[1].length - 1;
    at = 0;
    show();
  }

  const keys = {
    ArrowDown: () => ((at = (at + 1) % names.length), mark()),
    ArrowUp: () => ((at = (at - 1 + names.length) % names.length), mark()),
    Enter: () => choose(at),
    Tab: () => choose(at),
    Escape: close,
  };

  return {
    close,
    update,
    // Whether the key was for the list.
    key(event) {
      if (!isOpen() || !Object.hasOwn(keys, event.key) || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return false;
      if (event.key !== 'Escape' && !/^@[^\s@]*$/u.test(input.value.slice(start, input.selectionStart))) {
        close(); // the caret has left the name
        return false;
      }
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
      return true;
    },
  };
}
