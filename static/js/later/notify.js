// Calls somebody who is elsewhere: a notification, a sound. Loaded alone when there is something to tell.

const BODY_MAX = 200;

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
