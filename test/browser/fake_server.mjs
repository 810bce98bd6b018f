// A server of chat.v2 in a few lines, for the tests of the client's pure modules: what it says is what the
// protocol says, but it knows no limits. Sockets are objects in memory; what is sent arrives in order, a
// moment later, and pause() keeps it. The browser tests use the real one.

let ids = 0;

export function createFakeServer({ keep = Infinity } = {}) {
  const rooms = new Map(); // name: {log, seq, members, cids}
  const sockets = new Set();
  let epoch = 'e1';
  let build = 'b1';
  let now = 1_700_000_000_000;
  let refuse = () => null; // (frame) => fields of an error, or null
  let swallow = () => false; // (frame to a client) => whether it is lost on the way

  const room = (name) => {
    if (!rooms.has(name)) rooms.set(name, { log: [], seq: 0, members: [], cids: new Map() });
    return rooms.get(name);
  };
  const users = (r) => r.members.map((s) => s.username);

  function tell(socket, frame) {
    queueMicrotask(() => {
      if (socket.readyState !== 1 || swallow(frame)) return;
      socket.received.push(frame);
      socket.onmessage?.({ data: JSON.stringify(frame) });
    });
  }
  const broadcast = (r, frame) => r.members.forEach((socket) => tell(socket, frame));

  function currentState(r, id) {
    const message = r.log.find((e) => e.type === 'message' && e.id === id);
    const state = { ...message, reactions: {} };
    for (const e of r.log.filter((x) => x.id === id)) {
      if (e.type === 'edit') Object.assign(state, { body: e.body, edited: e.ts });
      if (e.type === 'delete') Object.assign(state, { body: '', deleted: true });
      if (e.type === 'react') {
        const names = (state.reactions[e.emoji] ?? []).filter((name) => name !== e.username);
        state.reactions[e.emoji] = e.on ? [...names, e.username] : names;
        if (!state.reactions[e.emoji].length) delete state.reactions[e.emoji];
      }
    }
    return state;
  }
  const messages = (r) => r.log.filter((e) => e.type === 'message').map((e) => currentState(r, e.id));

  function missed(r, since) {
    return r.log
      .filter((e) => e.seq > since.seq)
      .map((e) => {
        if (e.type !== 'message') return e;
        const { body, edited, deleted } = currentState(r, e.id);
        return { ...e, body, ...(edited ? { edited } : {}), ...(deleted ? { deleted } : {}) };
      });
  }

  const requests = {
    join(socket, { cid, room: name = 'lobby', username, key, since, last }) {
      if (username !== undefined && socket.username === undefined) {
        const holder = [...sockets].find((s) => s.username?.toLowerCase() === username.toLowerCase());
        if (holder && holder.key === key) end(holder, 4410);
        else if (holder) {
          tell(socket, { type: 'error', cid, code: 'username_taken', error: 'Somebody has this name.' });
          return end(socket, 4409);
        }
        Object.assign(socket, { username, key: `k${++ids}` });
      }
      const r = room(name);
      const recovered = Boolean(since) && since.epoch === epoch && r.seq - since.seq <= keep;
      const events = recovered ? missed(r, since) : last ? messages(r).slice(-last) : [];
      const isNew = !r.members.includes(socket);
      if (isNew) r.members.push(socket);
      tell(socket, {
        type: 'joined',
        cid,
        room: name,
        username: socket.username,
        key: socket.key,
        epoch,
        seq: r.seq,
        recovered,
        events,
        users: users(r),
        count: r.members.length,
      });
      if (isNew) broadcast(r, { type: 'join', room: name, username: socket.username, ts: now, count: r.members.length });
      return null;
    },
    leave(socket, { cid, room: name }) {
      depart(socket, name, 'quit');
      tell(socket, { type: 'left', cid, room: name });
    },
    message: (socket, frame) => change(socket, frame, { body: frame.body, ...(frame.reply_to ? { reply_to: frame.reply_to } : {}) }),
    edit: (socket, frame) => change(socket, frame, { id: frame.id, body: frame.body }),
    delete: (socket, frame) => change(socket, frame, { id: frame.id }),
    react: (socket, frame) => change(socket, frame, { id: frame.id, emoji: frame.emoji, on: frame.on }),
    typing: (socket, { room: name }) => broadcast(room(name), { type: 'typing', room: name, username: socket.username }),
    history(socket, { cid, room: name, before, after, around, limit = 50 }) {
      const all = messages(room(name));
      let page = all.slice(-limit);
      let more = all.length > limit;
      if (before !== undefined) {
        const older = all.filter((m) => m.seq < before);
        page = older.slice(-limit);
        more = older.length > limit;
      } else if (after !== undefined) {
        const newer = all.filter((m) => m.seq > after);
        page = newer.slice(0, limit);
        more = newer.length > limit;
      } else if (around !== undefined) {
        const at = all.findIndex((m) => m.seq >= around);
        page = all.slice(Math.max(0, at - Math.floor(limit / 2)), at + Math.ceil(limit / 2));
        more = page[0] !== all[0];
      }
      tell(socket, { type: 'history', cid, room: name, epoch, messages: page, more });
    },
    users: (socket, { cid, room: name }) =>
      tell(socket, { type: 'users', cid, room: name, users: users(room(name)), count: room(name).members.length }),
    rooms: (socket, { cid }) =>
      tell(socket, {
        type: 'rooms',
        cid,
        rooms: [...rooms].map(([name, r]) => ({ name, members: r.members.length, seq: r.seq, topic: r.topic ?? '' })),
      }),
    search(socket, { cid, q, room: wanted, limit = 20 }) {
      const names = wanted ? [wanted] : [...rooms.keys()];
      const found = names
        .flatMap((name) => messages(room(name)).map((m) => ({ ...m, room: name })))
        .filter((m) => m.body.toLowerCase().includes(q.toLowerCase()))
        .sort((a, b) => b.ts - a.ts);
      tell(socket, { type: 'search', cid, messages: found.slice(0, limit), more: found.length > limit });
    },
    ping: (socket, { cid }) => tell(socket, { type: 'pong', cid, ts: now }),
  };

  function change(socket, { type, cid, room: name }, fields) {
    const r = room(name);
    const known = r.cids.get(`${socket.username} ${cid}`);
    if (known) return tell(socket, { ...known, dup: true });
    const event = { type, room: name, id: `m${++ids}`, seq: ++r.seq, username: socket.username, ts: (now += 1000), ...fields };
    r.log.push(event);
    const ack = { type: 'ack', cid, room: name, id: event.id, seq: event.seq, ts: event.ts };
    if (cid) r.cids.set(`${socket.username} ${cid}`, ack);
    tell(socket, ack);
    return broadcast(r, event);
  }

  function depart(socket, name, reason) {
    const r = room(name);
    if (!r.members.includes(socket)) return;
    r.members = r.members.filter((s) => s !== socket);
    broadcast(r, { type: 'leave', room: name, username: socket.username, ts: now, reason, count: r.members.length });
  }

  function forget(socket) {
    sockets.delete(socket);
    for (const name of rooms.keys()) depart(socket, name, 'quit');
  }

  function end(socket, code, reason = '') {
    queueMicrotask(() => {
      if (socket.readyState !== 1) return;
      socket.readyState = 3;
      forget(socket);
      socket.onclose?.({ code, reason });
    });
  }

  return {
    connect(url) {
      const socket = {
        url,
        readyState: 1,
        sent: [],
        received: [],
        send(text) {
          const frame = JSON.parse(text);
          socket.sent.push(frame);
          const error = refuse(frame);
          if (error) tell(socket, { type: 'error', cid: frame.cid, room: frame.room, ...error });
          else requests[frame.type]?.(socket, frame);
        },
        close() {
          if (socket.readyState !== 1) return;
          socket.readyState = 3;
          forget(socket);
        },
      };
      sockets.add(socket);
      tell(socket, {
        type: 'hello',
        version: 2,
        server: 'fake',
        build,
        auth: 'none',
        limits: { body: 4096, frame: 65536, rate: 10, rooms: 32 },
        ping: { interval: 25_000, timeout: 10_000 },
      });
      return socket;
    },
    room,
    sockets,
    // As if somebody without a socket had asked for it.
    act: (username, frame) => requests[frame.type]({ username, readyState: 0, received: [] }, frame),
    say(username, name, body, more = {}) {
      change({ username, readyState: 0, received: [] }, { type: 'message', room: name }, { body, ...more });
      return room(name).log.at(-1);
    },
    // The line breaks; the server hears of it.
    cut: (code = 1006, reason = '') => [...sockets].forEach((socket) => end(socket, code, reason)),
    tell,
    refuse: (f) => (refuse = f),
    swallow: (f) => (swallow = f),
    // The log is lost, as without a place to keep it.
    lose() {
      epoch = `e${++ids}`;
      for (const r of rooms.values()) Object.assign(r, { log: [], seq: 0, cids: new Map() });
    },
    rebuild: (value) => (build = value),
  };
}
