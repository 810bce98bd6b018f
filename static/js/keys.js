// Keys that work anywhere in the room; those of one part are with that part.
import { byId } from './dom.js';

const regions = () => ['rooms', 'log', 'message', 'people'].map(byId).filter((part) => part.checkVisibility());

function nextRegion(step) {
  const all = regions();
  const here = all.findIndex((part) => part.contains(document.activeElement));
  const next = here < 0 ? 0 : (here + step + all.length) % all.length;
  const part = all[next];
  const target = part.querySelector('[tabindex="0"], [aria-current="page"]') ?? part;
  target.focus();
}

// A key that would write a character, pressed where there is nothing to write into.
function isStrayCharacter(event) {
  const { key, target } = event;
  if ([...key].length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
    return false;
  if (target.closest('input, textarea, select, dialog')) return false;
  return !(key === ' ' && target.closest('button, a, [tabindex]'));
}

// on: focusComposer(), escape(), goRoom(step, isUnread), switcher(), shortcuts().
export function bindKeys(on) {
  const combined = {
    '/': on.shortcuts,
    k: on.switcher,
  };

  document.addEventListener('keydown', (event) => {
    if (byId('chat').hidden || document.querySelector('dialog[open]')) return;
    const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (event.key === 'F6') {
      event.preventDefault();
      nextRegion(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape' && !event.isComposing && !document.querySelector(':popover-open')) {
      on.escape();
    } else if (isCommand && Object.hasOwn(combined, event.key.toLowerCase())) {
      event.preventDefault();
      combined[event.key.toLowerCase()]();
    } else if (event.altKey && !event.ctrlKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      on.goRoom(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
    } else if (isStrayCharacter(event)) {
      on.focusComposer(); // before the character is written, so that it lands there
    }
  });
}
