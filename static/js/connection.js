// Gets and keeps a connection: when to try, wait, give up. The world it needs is handed in, so that tests can hold it.
import { SUBPROTOCOL, decode, meaningOfClose } from './protocol.js';

const OPEN_MS = 10_000;
const HEALTHY_MS = 10_000; // then the next trouble starts counting anew
const SILENCE_MS = 45_000;
const CHECK_EVERY_MS = 5_000;
const PROBE_MS = 10_000;
const QUICK_PROBE_MS = 3_000;
const PATIENCE_MS = 60_000; // while our own dead connection may hold our name
const TAKEN_RETRY_MS = 3_000;
const BUSY_MS = 3_000;
const OFFLINE_RETRY_MS = 30_000;
const RESTART_MS = 30_000; // so long a server that said it restarts is not "lost"
const TOLD_MAX_MS = 10 * 60_000;

export function retryDelay(attempt, random) {
  if (attempt === 0) return random() * 500;
  return (0.5 + random() / 2) * Math.min(30_000, 1000 * 2 ** (attempt - 1));
}

export const world = {
  openSocket: (url) => new WebSocket(url, SUBPROTOCOL),
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (f, ms) => setTimeout(f, ms),
  clearTimeout: (id) => clearTimeout(id),
  isOnline: () => globalThis.navigator?.onLine !== false,
  isVisible: () => !globalThis.document?.hidden,
};

// phase: idle | connecting | online | waiting (until retryAt, because of cause) | rejected (cause, reason).
// greet(hello) must send the join that signs in; the first `joined` lets us in.
export function createConnection({ url, greet, onChange, onFrame, ...given }) {
  const { openSocket, now, random, setTimeout, clearTimeout, isOnline, isVisible } = { ...world, ...given };
  let state = { phase: 'idle' };
  let socket = null;
  let timer = null; // of the phase
  let probe = null; // {until, timer} while we wait for any sign of life
  let attempt = 0;
  let onlineSince = 0;
  let heardAt = 0;
  let last = {}; // the last error frame before we were in, or the farewell
  let keepTrying = false;
  let patience = 0;
  let takenSince = null;
  let restartSince = -Infinity;

  function enter(next) {
    const before = state;
    state = next;
    onChange(state, before);
  }

  function after(ms, f) {
    clearTimeout(timer);
    timer = setTimeout(f, ms);
  }

  function open() {
    clearTimeout(timer);
    last = {};
    const own = openSocket(url());
    socket = own;
    own.onmessage = (event) => own === socket && hear(event.data);
    own.onclose = (event) => own === socket && end(event.code, event.reason);
    own.onerror = () => {}; // the close that follows says it all, but Node wants to be heard
    after(OPEN_MS, drop);
    enter({ phase: 'connecting', attempt, cause: state.cause });
  }

  function letIn() {
    onlineSince = now();
    keepTrying = true;
    patience = PATIENCE_MS;
    takenSince = null;
    after(CHECK_EVERY_MS, checkHealth);
    enter({ phase: 'online' });
  }

  function hear(text) {
    const frame = decode(text);
    heardAt = now();
    if (!frame) {
      console.debug('not understood:', String(text).slice(0, 200));
      return;
    }
    if (frame.type === 'bye' || (frame.type === 'error' && state.phase !== 'online')) last = { ...last, ...frame };
    if (frame.type === 'hello') greet(frame);
    if (frame.type === 'joined' && state.phase === 'connecting') letIn();
    if (state.phase === 'online' || frame.type === 'hello') onFrame(frame);
  }

  function close(code) {
    const own = socket;
    socket = null;
    clearTimeout(timer);
    clearTimeout(probe?.timer);
    probe = null;
    if (own) {
      own.onmessage = own.onclose = null;
      own.close(code);
    }
  }

  function drop() {
    close();
    end(1006, '');
  }

  function isPatient() {
    takenSince ??= now();
    return now() - takenSince < patience;
  }

  function end(code, closeReason) {
    const meaning = meaningOfClose(code);
    const { cause } = meaning;
    const final = last.reconnect === undefined ? meaning.final : last.reconnect === false;
    const text = last.error || last.reason || closeReason;
    const isOver = final && !(cause === 'taken' && isPatient());
    close();
    if (isOver || (!keepTrying && cause !== 'taken')) {
      const retryAt = last.retry_after > 0 ? { retryAt: now() + last.retry_after } : {};
      enter({ phase: 'rejected', cause: final || text ? cause : 'unreachable', reason: text, ...retryAt });
      return;
    }
    if (state.phase === 'online' && now() - onlineSince >= HEALTHY_MS) attempt = 0;
    wait(cause, last.retry_after);
  }

  function wait(cause, told) {
    let ms = retryDelay(attempt++, random);
    if (told > 0) ms += Math.min(told, TOLD_MAX_MS);
    else if (cause === 'busy') ms = Math.max(ms, BUSY_MS);
    if (cause === 'restart') restartSince = now();
    if (cause === 'lost' && now() - restartSince < RESTART_MS) cause = 'restart';
    if (cause === 'taken') ms = Math.min(ms, TAKEN_RETRY_MS);
    if (!isOnline()) {
      cause = 'offline';
      ms = OFFLINE_RETRY_MS; // not never: the server may be on this very machine
    }
    after(ms, open);
    enter({ phase: 'waiting', cause, retryAt: now() + ms });
  }

  // Any frame is a sign of life; in a hidden tab timers and network may sleep, so nothing is judged.
  function ask(ms) {
    if (probe && probe.until <= now() + ms) return;
    clearTimeout(probe?.timer);
    const asked = now();
    const judge = () => {
      probe = null;
      if (heardAt < asked && isVisible()) drop();
    };
    heardAt = Math.min(heardAt, asked - 1);
    probe = { until: asked + ms, timer: setTimeout(judge, ms) };
    send('{"type":"ping"}');
  }

  function checkHealth() {
    after(CHECK_EVERY_MS, checkHealth);
    if (isVisible() && now() - heardAt >= SILENCE_MS) ask(PROBE_MS);
  }

  function send(text) {
    if (!socket || socket.readyState !== 1) return false;
    socket.send(text);
    return true;
  }

  return {
    state: () => state,

    // A first try that fails is told, not repeated, unless the seat was ours a moment ago: its name may be held.
    start({ insist = 0 } = {}) {
      close();
      attempt = 0;
      keepTrying = insist > 0;
      patience = insist;
      takenSince = null;
      state = { phase: 'idle' };
      open();
    },

    stop() {
      close(1000);
      enter({ phase: 'idle' });
    },

    send, // false if there is nothing to send on

    drop() {
      if (state.phase === 'online') drop();
    },

    retryNow() {
      if (state.phase === 'waiting') open();
    },

    cameToView() {
      if (state.phase === 'online') ask(QUICK_PROBE_MS);
      else if (state.phase === 'waiting' && state.cause !== 'busy') open();
    },
    networkCame() {
      if (state.phase === 'waiting') after(random() * 1000, open);
    },
    networkWent() {
      if (state.phase === 'online') ask(QUICK_PROBE_MS);
      else if (state.phase === 'waiting') wait('offline');
    },
  };
}
