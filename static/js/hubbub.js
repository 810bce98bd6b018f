// hubbub's connection, for any page or program: docs/embedding.md.

const OPEN_MS = 10_000;
const JOIN_MS = 60_000; // what was missed may be much
const HEALTHY_MS = 10_000;
const SILENCE_MS = 45_000;
const CHECK_EVERY_MS = 1_000;
const PROBE_MS = 10_000;
const QUICK_PROBE_MS = 3_000;
const PATIENCE_MS = 60_000; // while our own dead connection may hold our name
const TAKEN_RETRY_MS = 3_000;
const BUSY_MS = 3_000;
const OFFLINE_RETRY_MS = 30_000;
const RESTART_MS = 30_000; // so long it is not "lost"
const TOLD_MAX_MS = 10 * 60_000;
const ANSWER_MS = 10_000;
const QUERY_MS = 20_000;
const TYPING_EVERY_MS = 3_000;
const AGAIN_MS = 1_000;
const PACE_MS = 2_000; // twice the rate's
const LAST = 50;
const ENTRIES_MAX = 50;
const BYTES_MAX = 64 * 1024;
const FRAME_LEAST = 1024;

// --- wire ---

const SUBPROTOCOL = 'chat.v2';
export const DEFAULT_ROOM = 'lobby';

// Relative, for a proxy's prefix.
export const socketUrl = (base) => new URL('ws', base).href.replace(/^http/, 'ws');

// (Plain http has no crypto.randomUUID.)
export function newCid() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const utf8 = new TextEncoder();
export const bytes = (text) => utf8.encode(text).length;

// Names with the same key are one name.
export const nameKey = (name) => name.trim().normalize('NFKC').toLowerCase();
export const cleanName = (name) => name.normalize('NFC').trim();
export const cleanRoom = (room) => cleanName(room).replace(/^#+/, '').toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ') || DEFAULT_ROOM;

const DATE_MAX = 8.64e15;
const isText = (value) => typeof value === 'string';
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isTime = (value) => typeof value === 'number' && Math.abs(value) <= DATE_MAX;
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isObject = (value) => value !== null && typeof value === 'object';

// All else is text.
const is = {
  seq: isCount,
  count: isCount,
  members: isCount,
  ts: isTime,
  edited: isTime,
  on: (value) => typeof value === 'boolean',
  version: (value) => value === 2,
  users: isTexts,
  events: Array.isArray,
  messages: Array.isArray,
  rooms: Array.isArray,
};
// With a question mark: it may be missing.
const has = (frame, names) =>
  isObject(frame) &&
  names.split(' ').every((each) => {
    const [name] = each.split('?');
    return (is[name] ?? isText)(frame[name]) || (name !== each && frame[name] === undefined);
  });

const message = 'id seq username ts body reply_to? edited?';
const durable = {
  message,
  edit: 'id seq username ts body',
  delete: 'id seq username ts',
  react: 'id seq username ts emoji on',
};
const presence = 'room username ts? count?';
const needs = {
  hello: 'version build?',
  joined: 'room username epoch seq events users count?',
  left: 'room',
  ack: 'id seq ts',
  join: presence,
  leave: presence,
  typing: presence,
  history: 'room messages',
  search: 'messages',
  users: 'room users count?',
  rooms: 'rooms',
  error: 'error',
  bye: 'reason?',
  pong: 'cid?',
};

const isDurableType = (type) => Object.hasOwn(durable, type);

const isEvent = (e) => isDurableType(e?.type) && has(e, durable[e.type]);
const isFrame = (f) => (isEvent(f) ? isText(f.room) : Object.hasOwn(needs, f?.type) && has(f, needs[f.type]));

function cleanReactions(reactions) {
  if (!isObject(reactions)) return {};
  return Object.fromEntries(Object.entries(reactions).filter(([, names]) => isTexts(names) && names.length));
}

const clean = (m) => ({ ...m, type: 'message', reactions: cleanReactions(m.reactions) });

// An odd entry does not cost the rest of its list.
const insides = {
  message: (f) => (f.reactions === undefined ? {} : clean(f)),
  joined: (f) => ({ events: f.events.filter(isEvent).map((e) => (e.type === 'message' ? clean(e) : e)) }),
  history: (f) => ({ messages: f.messages.filter((m) => has(m, message)).map(clean) }),
  search: (f) => ({ messages: f.messages.filter((m) => has(m, `room ${message}`)).map(clean) }),
  rooms: (f) => ({ rooms: f.rooms.filter((room) => has(room, 'name topic? members?')) }),
};

// Null: not understood.
export function decode(text) {
  if (!isText(text)) return null;
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  return isFrame(frame) ? { ...frame, ...insides[frame.type]?.(frame) } : null;
}

const causes = {
  1001: 'restart',
  1012: 'restart',
  1013: 'busy',
  4429: 'busy',
  1002: 'refused',
  1003: 'refused',
  1007: 'refused',
  1009: 'refused',
  4400: 'invalid',
  4401: 'unauthorized',
  4403: 'removed',
  4408: 'refused',
  4409: 'taken',
  4410: 'replaced',
};

export function meaningOfClose(code) {
  const cause = causes[code] ?? 'lost';
  return { cause, final: !['restart', 'busy', 'lost'].includes(cause) };
}

export class ChatError extends Error {
  constructor({ error, code = 'lost', ...rest }) {
    super(error);
    Object.assign(this, { code }, rest);
  }
}
const lost = () => new ChatError({ error: 'The connection was lost.' });

function memory() {
  const kept = new Map();
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
}

function emitter() {
  const listeners = new Map();
  return {
    on(type, listener) {
      const all = listeners.get(type) ?? new Set();
      listeners.set(type, all.add(listener));
      return () => all.delete(listener);
    },
    emit(type, value, more) {
      for (const listener of listeners.get(type) ?? [])
        try {
          listener(value, more);
        } catch (fault) {
          console.error(fault);
        }
    },
  };
}

// --- connection ---

export function retryDelay(attempt, random) {
  if (attempt === 0) return random() * 500;
  return (0.5 + random() / 2) * Math.min(30_000, 1000 * 2 ** (attempt - 1));
}

const world = {
  openSocket: (url) => new WebSocket(url, SUBPROTOCOL),
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (f, ms) => setTimeout(f, ms),
  clearTimeout: (id) => clearTimeout(id),
  isOnline: () => globalThis.navigator?.onLine !== false,
  isVisible: () => !globalThis.document?.hidden,
};

// greet(hello) must join; the first `joined` lets us in.
export function createConnection({ url, greet, onChange, onFrame, ...given }) {
  const { openSocket, now, random, setTimeout, clearTimeout, isOnline, isVisible } = { ...world, ...given };
  let state = { phase: 'idle' };
  let socket = null;
  let timer = null;
  let probe = null; // {until, timer}
  let attempt = 0;
  let onlineSince = 0;
  let heardAt = 0;
  let last = {}; // the error before we were in, or the farewell
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
    socket = openSocket(url());
    socket.onmessage = (event) => hear(event.data);
    socket.onclose = (event) => end(event.code, event.reason);
    socket.onerror = () => {}; // Node wants it
    after(OPEN_MS, drop);
    enter({ phase: 'connecting', attempt, cause: state.cause });
  }

  function letIn() {
    onlineSince = now();
    keepTrying = true;
    patience = PATIENCE_MS;
    takenSince = null;
    restartSince = -Infinity;
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
    if (frame.type === 'hello') after(JOIN_MS, drop), greet(frame);
    if (frame.type === 'joined' && state.phase === 'connecting') letIn();
    if (state.phase === 'online' || frame.type === 'hello' || frame.code === 'bad_request') onFrame(frame);
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
    const final = !(last.reconnect ?? !meaning.final);
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
      ms = OFFLINE_RETRY_MS; // the server may be on this very machine
    }
    after(ms, open);
    enter({ phase: 'waiting', cause, retryAt: now() + ms });
  }

  function ask(ms) {
    if (probe?.until <= now() + ms) return;
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
    send,
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

// --- outbox ---

export function createOutbox({ storage, name = 'outbox', changed = () => {}, now = Date.now }) {
  let entries = [];

  const unconfirmed = () => entries.filter((e) => e.state !== 'acked');

  function set(next) {
    entries = next;
    storage.set(name, unconfirmed().length ? unconfirmed() : null);
    changed(entries);
  }
  const find = (cid) => entries.find((e) => e.cid === cid);
  const update = (cid, change) => set(entries.map((e) => (e.cid === cid ? { ...e, ...change } : e)));
  const without = (entry) => entries.filter((e) => e !== entry);
  const unsent = (list) => list.map((e) => (e.state === 'sending' ? { ...e, state: 'queued' } : e));
  const of = (room) => entries.filter((e) => e.room === room);

  return {
    entries: () => entries,
    of,
    find,
    waiting: () => entries.filter((e) => e.state === 'queued' || e.state === 'sending').length,

    open() {
      const stored = storage.get(name);
      set(unsent(Array.isArray(stored) ? stored : []));
    },

    // Null: too much is waiting.
    add({ room, body, reply_to, after = 0 }) {
      const open = unconfirmed();
      const size = open.reduce((sum, e) => sum + bytes(e.body), bytes(body));
      if (open.length >= ENTRIES_MAX || (open.length && size > BYTES_MAX)) return null;
      const entry = { cid: newCid(), room, body, reply_to, ts: now(), after, state: 'queued' };
      set([...entries, entry]);
      return entry;
    },

    // Marked as sent before it is. Null: none is to be sent.
    take(room) {
      const own = of(room);
      const entry = own.find((e) => e.state === 'queued');
      if (!entry || own.some((e) => e.state === 'sending')) return null;
      update(entry.cid, { state: 'sending', wasSent: true });
      return entry;
    },

    confirm: (cid, { id, seq, ts }) => update(cid, { state: 'acked', id, seq, ts }),
    refuse: (cid, { error, code }) => update(cid, { state: 'failed', reason: error, code }),

    arrived(id) {
      const entry = entries.find((e) => e.state === 'acked' && e.id === id);
      if (entry) set(without(entry));
      return entry;
    },

    postpone: (cid) => update(cid, { state: 'queued' }),

    rename: (was, room) => set(entries.map((e) => (e.room === was ? { ...e, room } : e))),

    connectionLost: () => set(unsent(entries)),

    retry(cid) {
      const entry = find(cid);
      if (!entry) return null;
      const again = { ...entry, cid: newCid(), state: 'queued', ts: now(), wasSent: false };
      set([...without(entry), again]);
      return again;
    },

    remove(cid) {
      const entry = find(cid);
      if (entry) set(without(entry));
      return entry;
    },
  };
}

// --- chat ---

export function connect({ name, server, storage = memory(), token, insist, WebSocket: Socket, ...given }) {
  const base = server ?? new URL('..', import.meta.url).href;
  const own = { ...world, ...(Socket && { openSocket: (url) => new Socket(url, SUBPROTOCOL) }), ...given };
  const { now, isVisible, setTimeout, clearTimeout } = own;

  const { on, emit } = emitter();
  const person = nameKey(cleanName(name));
  const rooms = new Map();
  const requests = new Map(); // by cid
  const sends = new Map(); // by cid
  const holds = new Set(); // timers
  const postponed = new Set(); // cids
  let me = cleanName(name);
  let hello = null;

  const changed = (entries) => emit('outbox', entries);
  const outbox = createOutbox({ storage, name: `outbox ${person}`, now, changed });
  const connection = createConnection({ url: () => socketUrl(base), greet, onChange, onFrame, ...own });

  function later(ms, f) {
    const id = setTimeout(() => {
      holds.delete(id);
      f();
    }, ms);
    holds.add(id);
  }

  function transmit(frame) {
    const text = JSON.stringify(frame, (_, value) => value?.toWellFormed?.() ?? value);
    const max = hello?.limits?.frame;
    const isTooLong = max > FRAME_LEAST && bytes(text) > max;
    if (isTooLong) queueMicrotask(() => error({ cid: frame.cid, code: 'too_long', error: 'This is too long.' }));
    return isTooLong || connection.send(text);
  }

  function sendJoin(room, more) {
    const { name: wanted, epoch, seq, last } = room;
    const cid = newCid();
    Object.assign(room, { joinCid: cid, isJoining: true });
    transmit({ type: 'join', cid, room: wanted, since: epoch === null ? undefined : { epoch, seq }, last, ...more });
  }

  function greet(frame) {
    hello = frame;
    signIn();
    emit('hello', frame);
  }

  function signIn() {
    const key = storage.get(`key ${person}`) ?? undefined;
    const [first] = rooms.values();
    if (first) sendJoin(first, { username: me, key, token });
    else connection.stop();
  }

  function onChange(state, before) {
    if (before.phase === 'online') {
      for (const room of rooms.values()) Object.assign(room, { isIn: false, isJoining: false });
      outbox.connectionLost();
      for (const [cid, request] of [...requests]) {
        clearTimeout(request.timer);
        if (request.frame.type === 'message' || !request.keep) done(cid).reject(lost());
      }
    }
    emit('state', state, before);
    if (state.phase === 'online')
      for (const room of rooms.values()) if (!room.isJoining) sendJoin(room);
  }

  function joined(frame) {
    const room = joiningBy(frame.cid) ?? rooms.get(frame.room);
    if (!room) {
      transmit({ type: 'leave', room: frame.room });
      return;
    }
    const was = room.name;
    if (was !== frame.room) {
      rooms.delete(was);
      rooms.set((room.name = frame.room), room);
      outbox.rename(was, room.name);
    }
    if (frame.key) storage.set(`key ${person}`, frame.key);
    me = frame.username;
    const since = room.epoch === frame.epoch ? room.seq : -1;
    const isFirst = room.epoch === null;
    Object.assign(room, { isIn: true, isJoining: false, epoch: frame.epoch, seq: frame.seq });
    const events = frame.events.map(known);
    emit('frame', { ...frame, events }, { isFirst, was });
    room.emit('joined', frame);
    if (!isFirst && !frame.recovered) room.emit('gap', frame);
    for (const event of events)
      if (event.seq > since) room.emit(event.type, { ...event, room: room.name, isHistory: isFirst });
    for (const { id, seq, state } of outbox.of(room.name)) if (state === 'acked' && (since < 0 || seq <= room.seq)) outbox.arrived(id);
    for (const [cid, request] of requests)
      if (request.keep && request.frame.room === room.name) dispatch(cid, request);
    flush(room);
  }

  function known(frame) {
    const entry = frame.type === 'message' && outbox.arrived(frame.id);
    return entry ? { ...frame, cid: entry.cid } : frame;
  }

  function isNext(room, { seq }) {
    if (!room || room.isJoining || seq <= room.seq) return false;
    if (seq > room.seq + 1) {
      sendJoin(room);
      return false;
    }
    room.seq = seq;
    return true;
  }

  function event(frame) {
    const room = rooms.get(frame.room);
    if (!room || (isDurableType(frame.type) && !isNext(room, frame))) return;
    const full = known(frame);
    emit('frame', full);
    room.emit(full.type, full);
  }

  function ack(frame) {
    const { cid, id, seq } = frame;
    const entry = outbox.find(cid);
    const request = done(cid);
    if (!entry) {
      request?.resolve(frame);
      return;
    }
    const room = rooms.get(entry.room);
    outbox.confirm(cid, frame);
    if (room?.seq >= seq) {
      outbox.arrived(id);
      emit('frame', frame);
    }
    sends.get(cid)?.resolve(frame);
    sends.delete(cid);
    flush(room);
  }

  const joiningBy = (cid) => [...rooms.values()].find((room) => room.isJoining && room.joinCid === cid);

  function postpone(cid, ms) {
    clearTimeout(requests.get(cid)?.timer);
    if (outbox.find(cid)) {
      done(cid);
      outbox.postpone(cid);
    }
    if (!postponed.size) later(ms, goOn);
    postponed.add(cid);
  }

  function goOn() {
    const [cid] = postponed;
    const request = requests.get(cid);
    const joining = joiningBy(cid);
    postponed.delete(cid);
    if (request) dispatch(cid, request);
    else if (joining) sendJoin(joining);
    else for (const room of rooms.values()) flush(room);
    if (postponed.size) later(PACE_MS / (hello.limits?.rate || 1), goOn);
  }

  function error(frame) {
    const { cid, code, retry_after: told } = frame;
    const ms = told > 0 ? told : AGAIN_MS;
    const entry = outbox.find(cid);
    const request = requests.get(cid);
    const joining = joiningBy(cid);
    const isLimit = code === 'rate_limited';
    const isForLater = isLimit || code === 'unavailable';
    if (isForLater && cid === undefined) {
      for (const each of requests.keys()) postpone(each, ms);
      for (const room of rooms.values()) if (room.isJoining) postpone(room.joinCid, ms);
    } else if (isForLater && (isLimit || entry || request?.keep || joining)) postpone(cid, ms);
    else if (entry) {
      done(cid);
      outbox.refuse(cid, frame);
      sends.get(cid)?.reject(new ChatError(frame));
      sends.delete(cid);
      emit('frame', frame, { entry });
      flush(rooms.get(entry.room));
    } else if (request) done(cid).reject(new ChatError(frame));
    else {
      if (joining) forget(joining, new ChatError(frame));
      emit('frame', frame, { refusedRoom: joining?.name });
      joining?.emit('error', frame);
      // What may have arrived waits.
      for (const e of outbox.of(joining?.name)) if (!e.wasSent) error({ ...frame, cid: e.cid });
      if (joining && connection.state().phase === 'connecting') signIn();
    }
  }

  const answer = (frame) => done(frame.cid)?.resolve(frame);
  const users = (frame) => (requests.has(frame.cid) ? answer : event)(frame);
  const handlers = { joined, ack, error, users, bye: (frame) => emit('frame', frame) };
  for (const type of ['left', 'history', 'search', 'rooms', 'pong']) handlers[type] = answer;

  function onFrame(frame) {
    (handlers[frame.type] ?? event)(frame);
  }

  function done(cid) {
    const request = requests.get(cid);
    requests.delete(cid);
    clearTimeout(request?.timer);
    return request;
  }

  function dispatch(cid, request) {
    const room = rooms.get(request.frame.room);
    if (request.keep && !room?.isIn) return; // it goes when we are back in
    watch(cid, request);
    if (!transmit(request.frame) && !request.keep) done(cid)?.reject(lost());
  }

  function watch(cid, request) {
    clearTimeout(request.timer);
    const judge = () => {
      if (!isVisible()) watch(cid, request);
      else if (request.keep) connection.drop();
      else done(cid)?.reject(lost());
    };
    request.timer = setTimeout(judge, request.keep ? ANSWER_MS : QUERY_MS);
  }

  // keep: to be done exactly once; a question may fail.
  function request(fields, keep = false) {
    const cid = newCid();
    return new Promise((resolve, reject) => {
      const entry = { frame: { ...fields, cid }, keep, resolve, reject };
      requests.set(cid, entry);
      dispatch(cid, entry);
    });
  }

  // The outbox stays.
  function forget(room, fault = lost()) {
    rooms.delete(room.name);
    for (const [cid, { frame }] of [...requests]) if (frame.room === room.name && !outbox.find(cid)) done(cid).reject(fault);
  }

  function flush(room) {
    if (!room?.isIn || outbox.of(room.name).some((e) => postponed.has(e.cid))) return;
    const entry = outbox.take(room.name);
    if (!entry) return;
    const { cid, body, reply_to } = entry;
    const sent = { frame: { type: 'message', cid, room: room.name, body, reply_to }, keep: true, resolve() {}, reject() {} };
    requests.set(cid, sent);
    watch(cid, sent);
    transmit(sent.frame);
  }

  function createRoom(wanted, { last = LAST } = {}) {
    const events = emitter();
    let typedAt = -Infinity;
    const room = { name: wanted, last, epoch: null, seq: 0, isIn: false, isJoining: false, emit: events.emit };
    const change = (fields) => request({ ...fields, room: room.name }, true);
    room.handle = {
      on: events.on,
      place: () => ({ epoch: room.epoch, seq: room.seq, isIn: room.isIn }),

      post(body, replyTo) {
        const entry = outbox.add({ room: room.name, body, reply_to: replyTo, after: room.seq });
        if (entry) flush(room);
        return entry;
      },
      send(body, { replyTo } = {}) {
        return new Promise((resolve, reject) => {
          const entry = room.handle.post(body, replyTo);
          if (!entry) reject(new ChatError({ error: 'Too many messages are waiting.', code: 'full' }));
          else sends.set(entry.cid, { resolve, reject });
        });
      },
      edit: (id, body) => change({ type: 'edit', id, body }),
      delete: (id) => change({ type: 'delete', id }),
      react: (id, emoji, isOn = true) => change({ type: 'react', id, emoji, on: isOn }),
      typing() {
        if (!room.isIn || now() - typedAt < TYPING_EVERY_MS) return;
        typedAt = now();
        transmit({ type: 'typing', room: room.name });
      },
      history: (query = {}) => request({ type: 'history', room: room.name, limit: LAST, ...query }),
      users: () => request({ type: 'users', room: room.name }),
      leave() {
        forget(room);
        if (!room.isIn) return Promise.resolve();
        return request({ type: 'leave', room: room.name });
      },
    };
    return room;
  }

  const chat = {
    on,
    state: connection.state,
    hello: () => hello,
    outbox,
    room: (wanted) => rooms.get(cleanRoom(wanted))?.handle,
    rooms: () => [...rooms.keys()],

    join(wanted, options) {
      const clean = cleanRoom(wanted);
      let room = rooms.get(clean);
      if (!room) {
        room = createRoom(clean, options);
        rooms.set(clean, room);
        if (connection.state().phase === 'online') sendJoin(room);
        if (connection.state().phase === 'idle') connection.start({ insist });
      }
      return room.handle;
    },
    listRooms: () => request({ type: 'rooms' }),
    search: (q, query = {}) => request({ type: 'search', q, ...query }),
    ping: () => request({ type: 'ping' }),

    retry(cid) {
      const entry = outbox.retry(cid);
      if (entry) flush(rooms.get(entry.room));
    },
    retryNow: connection.retryNow,
    rejoin: () => connection.start(),
    cameToView: connection.cameToView,
    networkCame: connection.networkCame,
    networkWent: connection.networkWent,

    close({ forget = false } = {}) {
      for (const id of holds) clearTimeout(id);
      postponed.clear();
      for (const cid of [...requests.keys()]) done(cid).reject(lost());
      for (const { reject } of sends.values()) reject(lost());
      if (forget) storage.set(`key ${person}`, null);
      rooms.clear();
      connection.stop();
    },
  };
  outbox.open();
  return chat;
}
