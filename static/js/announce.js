// Tells of what others say: a screen reader (the visible list is not live, or it would be read again and again), and
// by a notification somebody who is elsewhere.
import { byId, h, once } from './dom.js';
import { mentions } from './store.js';
import { strings } from './words.js';

const LINES_KEPT = 20;
const BURST = 3; // messages in BURST_MS that are read out; of more only the number
const BURST_MS = 2_000;

export function createAnnouncer({ store, settings, goTo }) {
  const lines = byId('announcer');
  let recent = [];
  let held = 0;
  let timer = null;
  let notifier = null;

  const loadNotifier = once(async (again) => {
    const { createNotifier } = await import(`./notify.js${again}`);
    notifier = createNotifier({ onOpen: goTo, isSilent: () => settings().sound !== true });
    return notifier;
  });
  const withNotifier = (f) => loadNotifier().then(f, () => {});

  function speak(text) {
    lines.append(h('p', { dir: 'auto' }, text));
    while (lines.children.length > LINES_KEPT) lines.firstChild.remove();
  }

  function release() {
    timer = null;
    if (held) speak(strings.spokenMany(held, store.get().current));
    held = 0;
  }

  function announce(text) {
    const now = Date.now();
    recent = [...recent.filter((at) => now - at < BURST_MS), now];
    if (recent.length <= BURST && !held) {
      speak(text);
      return;
    }
    held++;
    timer ??= setTimeout(release, BURST_MS);
  }

  return {
    message({ room, username, body }) {
      const isHere = room === store.get().current;
      const isMention = mentions(body, store.get().me);
      const level = settings().rooms?.[room]?.notify ?? 'mentions';
      const isWanted = level === 'all' || (level === 'mentions' && isMention);
      if (isHere) announce(strings.spoken(username, body));
      else if (isMention) announce(strings.spoken(username, body, room));
      if (isWanted && (document.hidden || !isHere)) withNotifier((n) => n.tell(room, { username, body }));
    },
    wasRead: (room) => notifier?.read(room),
    chime: () => withNotifier((n) => n.chime()),
    stop() {
      clearTimeout(timer);
      timer = null;
      held = 0;
      recent = [];
      lines.replaceChildren();
      byId('alert').replaceChildren();
    },
  };
}
