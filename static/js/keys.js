// Keys that work anywhere in the room; those of one part are with that part.
import { byId } from './dom.js';

const regions = () => ['log', 'message', 'people'].map(byId).filter((part) => part.checkVisibility());

function nextRegion(step) {
  const all = regions();
  const here = all.findIndex((part) => part.contains(document.activeElement));
  const next = here < 0 ? 0 : (here + step + all.length) % all.length;
  const target = all[next].querySelector('[tabindex="0"]') ?? all[next];
  target.focus();
}

// A key that would write a character, pressed where there is nothing to write into.
function isStrayCharacter(event) {
  const { key, target } = event;
  if ([...key].length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
    return false;
  if (target.closest('input, textarea, dialog')) return false;
  return !(key === ' ' && target.closest('button, a, [tabindex]'));
}

export function bindKeys({ focusComposer, escape }) {
  document.addEventListener('keydown', (event) => {
    if (byId('chat').hidden || document.querySelector('dialog[open]')) return;
    if (event.key === 'F6') {
      event.preventDefault();
      nextRegion(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape' && !event.isComposing && !document.querySelector(':popover-open')) {
      escape();
    } else if (event.key === '/' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      byId('shortcuts').showModal();
    } else if (isStrayCharacter(event)) {
      focusComposer(); // before the character is written, so that it lands there
    }
  });
  byId('shortcuts-open').addEventListener('click', () => byId('shortcuts').showModal());
}
