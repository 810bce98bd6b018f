// Tells those who do not look at the page: a screen reader, line by line; the title and icon of the tab; a
// notification; a sound. The visible list is not live, or it would be read again and again.
import { byId, h } from './dom.js';
import { strings } from './strings.js';

const LINES_KEPT = 20;
const BURST = 3; // so many messages in BURST_MS are read out; of more, only the number
const BURST_MS = 2_000;
const BODY_MAX = 200;

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

export function showTitle({ unread, room }) {
  document.title = strings.title(unread, room);
  byId('favicon').href = unread ? 'icon-unread.svg' : 'icons.svg';
}

// A browser has notifications only over https and on localhost.
export const canNotify = () => isSecureContext && 'Notification' in globalThis;

export function createNotifier({ onOpen, isSilent }) {
  const shown = new Map(); // by room
  let audio = null;

  // Two soft tones, made here: there is no file to be loaded.
  function chime() {
    try {
      audio ??= new AudioContext();
      for (const [i, pitch] of [660, 880].entries()) {
        const at = audio.currentTime + i * 0.12;
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.08, at);
        volume.gain.exponentialRampToValueAtTime(0.001, at + 0.25);
        tone.connect(volume).connect(audio.destination);
        tone.start(at);
        tone.stop(at + 0.25);
      }
    } catch {
      // No sound, then.
    }
  }

  return {
    chime,
    tell(room, { username, body }) {
      if (!isSilent()) chime();
      if (!canNotify() || Notification.permission !== 'granted') return;
      try {
        const note = new Notification(`${username} · #${room}`, { body: body.slice(0, BODY_MAX), tag: room, renotify: true });
        note.onclick = () => {
          window.focus();
          onOpen(room);
          note.close();
        };
        shown.set(room, note);
      } catch {
        // Some browsers have them for service workers only.
      }
    },
    read(room) {
      shown.get(room)?.close();
      shown.delete(room);
    },
  };
}
