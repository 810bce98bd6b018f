// Tells a screen reader, line by line. The visible list is not live, or it would be read again and again.
import { byId, h } from './dom.js';
import { strings } from './strings.js';

const LINES_KEPT = 20;
const BURST = 3; // so many messages in BURST_MS are read out; of more, only the number
const BURST_MS = 2_000;

export function createAnnouncer(room) {
  const lines = byId('announcer');
  const alerts = byId('alert');
  let recent = [];
  let held = 0;
  let timer = null;

  function speak(text) {
    lines.append(h('p', { dir: 'auto' }, text));
    while (lines.children.length > LINES_KEPT) lines.firstChild.remove();
  }

  function release() {
    timer = null;
    if (held) speak(strings.spokenMany(held, room()));
    held = 0;
  }

  return {
    message(text) {
      const now = Date.now();
      recent = recent.filter((at) => now - at < BURST_MS);
      recent.push(now);
      if (recent.length <= BURST && !held) {
        speak(text);
        return;
      }
      held++;
      timer ??= setTimeout(release, BURST_MS);
    },
    alert(text) {
      alerts.replaceChildren(h('p', { dir: 'auto' }, text));
    },
    stop() {
      clearTimeout(timer);
      timer = null;
      held = 0;
      recent = [];
      lines.replaceChildren();
      alerts.replaceChildren();
    },
  };
}
