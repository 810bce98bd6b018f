// hubbub's connection, for any page or program (docs/embedding.md); the client in this folder is built on it.
//
//   import { connect } from './hubbub.js';
//   const chat = connect({ name: 'ana' });
//   const room = chat.join('lobby', { last: 20 });
//   room.on('message', ({ username, body }) => console.log(`${username}: ${body}`));
//   await room.send('Hello');
//
// It stays connected, comes back after a lost link with nothing lost or doubled, and sends each message
// exactly once, in order. It knows no page.
import { createConnection } from './connection.js';
import { createOutbox } from './outbox.js';
import { cleanName, cleanRoom, isDurableType, nameKey, newCid, socketUrl } from './protocol.js';

const ANSWER_MS = 10_000; // no ack by then: the connection is dead, though nobody has said so
const QUERY_MS = 20_000;
const TYPING_EVERY_MS = 3_000;
const AGAIN_MS = 1_000; // if the server asks for patience and does not say how much
const LAST = 50;

export class ChatError extends Error {
  constructor({ error, code = 'lost', ...rest }) {
    super(error);
    Object.assign(this, { code }, rest);
  }
}
const lost = () => new ChatError({ error: 'The connection was lost.' });
const isForLater = ({ code }) => code === 'rate_limited' || code === 'unavailable';

function memory() {
  const kept = new Map();
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
}

function emitter() {
  const listeners = new Map();
  return {
    // Returns a function that ends it.
    on(type, listener) {
      const all = listeners.get(type) ?? new Set();
      listeners.set(type, all.add(listener));
      return () => all.delete(listener);
    },
    emit(type, value, more) {
      for (const listener of listeners.get(type) ?? []) listener(value, more);
    },
  };
}

// options: name; server (address of the server, default: where this module came from); storage {get, set}
// (default: forgotten on reload); token (if the server asks for one); insist (ms, connection.js);
// WebSocket (default: the browser's); and the world of connection.js.
export function connect({ name, server, storage = memory(), token, insist, WebSocket: Socket, ...world }) {
  const base = server ?? new URL('..', import.meta.url).href;
  const timer = {
    set: world.setTimeout ?? ((f, ms) => setTimeout(f, ms)),
    clear: world.clearTimeout ?? ((id) => clearTimeout(id)),
  };
  const now = world.now ?? Date.now;
  const isVisible = world.isVisible ?? (() => !globalThis.document?.hidden);
  if (Socket) world.openSocket ??= (url) => new Socket(url, 'chat.v2');

  const { on, emit } = emitter();
  const person = nameKey(cleanName(name));
  const rooms = new Map();
  const requests = new Map(); // by cid: what waits for an answer
  const sends = new Map(); // by cid: the promises of send()
  const holds = new Set(); // timers
  let me = cleanName(name);
  let hello = null;

  const outbox = createOutbox({
    storage,
    name: `outbox ${person}`,
    now,
    changed: (entries) => emit('outbox', entries),
  });
  const connection = createConnection({ url: () => socketUrl(base), greet, onChange, onFrame, ...world });

  function later(ms, f) {
    const id = timer.set(() => {
      holds.delete(id);
      f();
    }, ms);
    holds.add(id);
    return id;
  }

  // --- coming in ---

  function joinFrame(room) {
    const { name: wanted, epoch, seq, last, joinCid } = room;
    const since = epoch === null ? {} : { since: { epoch, seq } };
    return { type: 'join', cid: joinCid, room: wanted, ...since, last };
  }

  function sendJoin(room, more = {}) {
    Object.assign(room, { joinCid: newCid(), isJoining: true });
    connection.send(JSON.stringify({ ...joinFrame(room), ...more }));
  }

  function greet(frame) {
    hello = frame;
    const key = storage.get(`key ${person}`);
    const [first] = rooms.values();
    if (first) sendJoin(first, { username: me, ...(key ? { key } : {}), ...(token ? { token } : {}) });
    emit('hello', frame);
  }

  function onChange(state, before) {
    if (before.phase === 'online') {
      for (const room of rooms.values()) Object.assign(room, { isIn: false, isJoining: false });
      outbox.connectionLost();
      for (const [cid, request] of [...requests]) {
        timer.clear(request.timer);
        if (outbox.find(cid)) requests.delete(cid);
        else if (!request.keep) settle(cid).reject(lost());
      }
    }
    emit('state', state, before);
    if (state.phase === 'online')
      for (const room of rooms.values()) if (!room.isJoining && !room.isIn) sendJoin(room);
  }

  function rename(room, to) {
    rooms.delete(room.name);
    room.name = to;
    rooms.set(to, room);
  }

  function joined(frame) {
    const room = [...rooms.values()].find((r) => r.joinCid === frame.cid) ?? rooms.get(frame.room);
    if (!room) {
      connection.send(JSON.stringify({ type: 'leave', room: frame.room }));
      return;
    }
    const was = room.name;
    if (was !== frame.room) rename(room, frame.room);
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
    for (const [cid, request] of requests)
      if (request.keep && request.frame.room === room.name) transmit(cid, request);
    flush(room);
  }

  // --- what comes ---

  // A message of ours is known by its cid.
  function known(frame) {
    const entry = frame.type === 'message' && outbox.arrived(frame.id);
    return entry ? { ...frame, cid: entry.cid } : frame;
  }

  // A hole in seq is healed at once; what comes until then is in the answer too.
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
    if (outbox.find(frame.cid)) {
      const { room } = outbox.find(frame.cid);
      timer.clear(requests.get(frame.cid)?.timer);
      requests.delete(frame.cid);
      outbox.confirm(frame.cid, frame);
      if (rooms.get(room)?.seq >= frame.seq) {
        outbox.arrived(frame.id); // what was said is here already
        emit('frame', frame);
      }
      sends.get(frame.cid)?.resolve(frame);
      sends.delete(frame.cid);
      flush(rooms.get(room));
    } else {
      settle(frame.cid)?.resolve(frame);
    }
  }

  // Too fast, or it is not said for which request: all that is not answered goes again later, and in order. That
  // does no harm, because each has its cid.
  function slowDown(ms) {
    for (const [cid, request] of requests) {
      if (outbox.find(cid)) {
        timer.clear(request.timer);
        requests.delete(cid);
        outbox.postpone(cid, ms);
      } else later(ms, () => requests.has(cid) && transmit(cid, request));
    }
    later(ms, () => {
      for (const room of rooms.values()) {
        if (room.isJoining) sendJoin(room);
        else flush(room);
      }
    });
  }

  function error(frame) {
    if (frame.code === 'rate_limited' || (frame.cid === undefined && isForLater(frame))) {
      slowDown(frame.retry_after > 0 ? frame.retry_after : AGAIN_MS);
      return;
    }
    const entry = outbox.find(frame.cid);
    const refusedRoom = [...rooms.values()].find((room) => room.isJoining && room.joinCid === frame.cid);
    const request = requests.get(frame.cid);
    const ms = frame.retry_after > 0 ? frame.retry_after : AGAIN_MS;
    if (entry) {
      timer.clear(request?.timer);
      requests.delete(frame.cid);
      if (isForLater(frame)) {
        outbox.postpone(frame.cid, ms);
        later(ms, () => flush(rooms.get(entry.room)));
      } else {
        outbox.refuse(frame.cid, frame);
        sends.get(frame.cid)?.reject(new ChatError(frame));
        sends.delete(frame.cid);
        emit('frame', frame, { entry });
      }
      flush(rooms.get(entry.room));
    } else if (request?.keep && isForLater(frame)) {
      timer.clear(request.timer);
      later(ms, () => requests.has(frame.cid) && transmit(frame.cid, request));
    } else if (request) {
      settle(frame.cid).reject(new ChatError(frame));
    } else if (refusedRoom && isForLater(frame)) {
      later(ms, () => rooms.has(refusedRoom.name) && sendJoin(refusedRoom));
    } else {
      if (refusedRoom) rooms.delete(refusedRoom.name);
      emit('frame', frame, { refusedRoom: refusedRoom?.name });
      refusedRoom?.emit('error', frame);
    }
  }

  const answer = (frame) => settle(frame.cid)?.resolve(frame);
  const handlers = {
    hello: () => {},
    bye: (frame) => emit('frame', frame),
    joined,
    ack,
    error,
    left: answer,
    history: answer,
    search: answer,
    rooms: answer,
    pong: answer,
    users: (frame) => (requests.has(frame.cid) ? answer(frame) : event(frame)),
  };

  function onFrame(frame) {
    (handlers[frame.type] ?? event)(frame);
  }

  // --- what goes ---

  function settle(cid) {
    const request = requests.get(cid);
    requests.delete(cid);
    timer.clear(request?.timer);
    return request;
  }

  function transmit(cid, request) {
    const room = rooms.get(request.frame.room);
    if (request.keep && !room?.isIn) return; // it goes when we are back in
    if (!connection.send(JSON.stringify(request.frame)) && !request.keep) {
      settle(cid)?.reject(lost());
      return;
    }
    watch(cid, request);
  }

  // In a hidden tab timers and network may sleep, so there nothing is judged.
  function watch(cid, request) {
    timer.clear(request.timer);
    const judge = () => {
      if (!isVisible()) watch(cid, request);
      else if (request.keep) connection.drop();
      else settle(cid)?.reject(lost());
    };
    request.timer = timer.set(judge, request.keep ? ANSWER_MS : QUERY_MS);
  }

  // keep: to be done exactly once, however often the link breaks; else a question, which may fail.
  function request(fields, keep = false) {
    const cid = newCid();
    return new Promise((resolve, reject) => {
      const entry = { frame: { ...fields, cid }, keep, resolve, reject, timer: null };
      requests.set(cid, entry);
      transmit(cid, entry);
    });
  }

  function flush(room) {
    const entry = room?.isIn ? outbox.take(room.name) : null;
    if (!entry) return;
    const { cid, body, reply_to } = entry;
    const frame = { type: 'message', cid, room: room.name, body, ...(reply_to ? { reply_to } : {}) };
    const sent = { frame, keep: true, timer: null, resolve() {}, reject() {} };
    connection.send(JSON.stringify(frame));
    watch(cid, sent);
    requests.set(cid, sent);
  }

  // --- rooms ---

  function createRoom(wanted, { last = LAST } = {}) {
    const events = emitter();
    let typedAt = -Infinity;
    const room = { name: wanted, last, epoch: null, seq: 0, isIn: false, isJoining: false, emit: events.emit };
    const change = (fields) => request({ ...fields, room: room.name }, true);
    room.handle = {
      on: events.on,
      name: () => room.name,
      place: () => ({ epoch: room.epoch, seq: room.seq, isIn: room.isIn }),

      // Takes a message: {cid, ...}, or null if too many are waiting. It is sent when it can be.
      post(body, replyTo) {
        const entry = outbox.add({ room: room.name, body, reply_to: replyTo, after: room.seq });
        if (entry) flush(room);
        return entry;
      },
      // The same, and tells when it is stored: {id, seq, ts}. Rejects if the server refuses it.
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
      // For each key that is pressed, if you like: it is passed on every three seconds.
      typing() {
        if (!room.isIn || now() - typedAt < TYPING_EVERY_MS) return;
        typedAt = now();
        connection.send(JSON.stringify({ type: 'typing', room: room.name }));
      },
      // {before | after | around: seq, limit}: resolves to {messages, more}.
      history: (query = {}) => request({ type: 'history', room: room.name, limit: LAST, ...query }),
      users: () => request({ type: 'users', room: room.name }),
      leave() {
        rooms.delete(room.name);
        if (!room.isIn) return Promise.resolve();
        return request({ type: 'leave', room: room.name });
      },
    };
    return room;
  }

  const chat = {
    // 'state' (state, before), 'outbox' (entries), 'hello' (frame), 'frame' (every frame of the rooms)
    on,
    me: () => me,
    state: connection.state,
    hello: () => hello,
    outbox,
    room: (wanted) => rooms.get(cleanRoom(wanted))?.handle,
    rooms: () => [...rooms.keys()],

    // The first room that is joined signs in.
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
    drop: connection.drop,

    // Ends it. forget: this name is given up; otherwise a later connect() with the same storage resumes.
    close({ forget = false } = {}) {
      for (const id of holds) timer.clear(id);
      for (const cid of [...requests.keys()]) settle(cid).reject(lost());
      if (forget) storage.set(`key ${person}`, null);
      rooms.clear();
      connection.stop();
    },
  };
  outbox.open();
  return chat;
}
